//! `gridward demo`: a district to look at, from nothing, with something happening in it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::arguments::DemoFlags;
use super::operator::open;
use super::{Failure, in_runtime, say, serve};
use crate::config::{Localhost, Overrides, Settings};
use crate::service::Services;
use crate::service::demo::DemoSignIn;
use crate::telemetry;

pub(super) fn run(flags: DemoFlags) -> Result<(), Failure> {
    let settings = settings(&flags)?;
    make_folder(&settings.data_dir)?;
    in_runtime(async {
        let services = open(&settings).await?;
        telemetry::start_logging(&settings);
        services.open_demo().await.map_err(|error| Failure::refused(&error))?;
        let sign_ins = services.demo_sign_ins().await.map_err(|error| Failure::refused(&error))?;
        let simulation = simulate(services.clone());
        let listening = |address: SocketAddr| say(welcome(address.port(), &sign_ins));
        tokio::select! {
            ended = serve::with_services(settings, services, listening) => ended,
            failed = simulation => failed,
        }
    })
}

/// Runs the simulation; it only comes back when it cannot begin.
async fn simulate(services: Services) -> Result<(), Failure> {
    services.run_demo().await.map_err(|error| Failure::refused(&error))
}

/// The demo listens on this machine only and takes no settings but its folder and port.
fn settings(flags: &DemoFlags) -> Result<Settings, Failure> {
    let given = Overrides {
        data_dir: Some(flags.data_dir.clone()),
        listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, flags.port))),
        log: Some(std::env::var("GRIDWARD_LOG").unwrap_or_else(|_| "warn".to_owned())),
        ..Overrides::default()
    };
    let mut settings = Settings::from_overrides(given).map_err(|error| Failure::unusable(&error))?;
    settings.origins.localhost = Localhost::Any;
    Ok(settings)
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::Unusable(format!("{} cannot be made: {error}", folder.display())))
}

fn welcome(port: u16, sign_ins: &[DemoSignIn]) -> String {
    let mut text = format!(
        "Gridward's demo: the centre of Helsinki, with an invented grid and simulated incidents.\n\n  \
         http://127.0.0.1:{port}/\n\nSign in as\n"
    );
    for DemoSignIn { role, name, token } in sign_ins {
        let address = format!("http://127.0.0.1:{port}/#token={}", token.expose());
        text.push_str(&format!("  {:<11} {address}  {name}\n", role.as_str()));
    }
    text.push_str("\nMap data © OpenStreetMap contributors (ODbL). Ctrl-C ends it.\n");
    text
}
