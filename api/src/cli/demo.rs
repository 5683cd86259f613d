//! `gridward demo`: two districts to look at, from nothing, with something happening in them.
//!
//! The first is there before the server listens. The second is made while it runs, and is seen and has sign-in links
//! only when it is whole.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::arguments::{DemoFlags, Scale};
use super::operator::open;
use super::{Failure, in_runtime, say, serve};
use crate::config::{Localhost, Overrides, Settings};
use crate::service::Services;
use crate::service::demo::{DEMO_CODE, DemoScale, DemoSignIn, TOWN_CODE, Tell};
use crate::telemetry;

pub(super) fn run(flags: DemoFlags) -> Result<(), Failure> {
    let settings = settings(&flags)?;
    make_folder(&settings.data_dir)?;
    in_runtime(async {
        let services = open(&settings).await?;
        telemetry::start_logging(&settings);
        services.hide_generated_town().await;
        services.open_demo().await.map_err(|error| Failure::refused(&error))?;
        let sign_ins = services.demo_sign_ins(DEMO_CODE).await.map_err(|error| Failure::refused(&error))?;
        let simulation = simulate(services.clone());
        let (bound, port) = oneshot::channel();
        let town = generated_town(services.clone(), flags.scale.map(DemoScale::from), port);
        let listening = |address: SocketAddr| {
            say(welcome(address.port(), &sign_ins))?;
            // Nobody hears it only where the town has failed already, which ends everything.
            let _ = bound.send(address.port());
            Ok(())
        };
        tokio::select! {
            ended = serve::with_services(settings, services, listening) => ended,
            failed = simulation => failed,
            failed = town => failed,
        }
    })
}

/// Runs the simulation; it only comes back when it cannot begin.
async fn simulate(services: Services) -> Result<(), Failure> {
    services.run_demo().await.map_err(|error| Failure::refused(&error))
}

/// Makes the generated town once the server listens, and lets things happen in it; only comes back when it cannot begin.
async fn generated_town(
    services: Services,
    scale: Option<DemoScale>,
    port: oneshot::Receiver<u16>,
) -> Result<(), Failure> {
    let Ok(port) = port.await else {
        // The server ended before it listened, and says why.
        return std::future::pending().await;
    };
    // A reader that went away is no failure, and there is nowhere else to tell.
    let tell: Tell = Arc::new(|made| drop(say(format!("{TOWN_CODE}: {made}"))));
    let town = services.open_generated_town(scale, &tell).await.map_err(|error| Failure::refused(&error))?;
    let sign_ins = services.demo_sign_ins(TOWN_CODE).await.map_err(|error| Failure::refused(&error))?;
    say(town_is_there(port, &sign_ins))?;
    services.run_generated_town(town).await.map_err(|error| Failure::refused(&error))
}

impl From<Scale> for DemoScale {
    fn from(scale: Scale) -> Self {
        match scale {
            Scale::Town => Self::Town,
            Scale::City => Self::City,
        }
    }
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
    let links = links(port, "", sign_ins);
    format!(
        "Gridward's demo\n\n  http://127.0.0.1:{port}/\n\n\
         {DEMO_CODE}: the centre of Helsinki, with an invented grid and simulated incidents. Sign in as\n{links}\n\
         {TOWN_CODE}: a town inside China that does not exist; its links follow as soon as it is there.\n\
         Map data of Helsinki © OpenStreetMap contributors (ODbL). Ctrl-C ends it.\n"
    )
}

fn town_is_there(port: u16, sign_ins: &[DemoSignIn]) -> String {
    let links = links(port, &format!("?district={TOWN_CODE}"), sign_ins);
    format!(
        "\n{TOWN_CODE} is there: http://127.0.0.1:{port}/?district={TOWN_CODE}. Everything in it is invented. Sign in as\n{links}"
    )
}

fn links(port: u16, query: &str, sign_ins: &[DemoSignIn]) -> String {
    let line = |DemoSignIn { role, name, token }: &DemoSignIn| {
        let address = format!("http://127.0.0.1:{port}/{query}#token={}", token.expose());
        format!("  {:<11} {address}  {name}\n", role.as_str())
    };
    sign_ins.iter().map(line).collect()
}
