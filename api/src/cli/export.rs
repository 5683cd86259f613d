//! `gridward export`: rows to a file or to standard output.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::arguments::ExportFlags;
use super::operator;
use super::{Failure, complain, in_runtime, settings};
use crate::service::admin::{AdminAnswer, AdminCommand};
use crate::service::export::{ExportFormat, ExportKind};

pub(super) fn run(flags: ExportFlags) -> Result<(), Failure> {
    let kind = ExportKind::parse(&flags.kind).ok_or_else(|| {
        let kinds = ExportKind::ALL.map(ExportKind::as_str).join(", ");
        Failure::Unusable(format!("{:?} cannot be exported; {kinds} can", flags.kind))
    })?;
    let format = ExportFormat::parse(&flags.format)
        .ok_or_else(|| Failure::Unusable(format!("{:?} is no format; geojson and csv are", flags.format)))?;
    let settings = settings(flags.settings)?;
    let to_stdout = flags.output == Path::new("-");
    let path = if to_stdout {
        settings.data_dir.join(format!("export-{}.tmp", std::process::id()))
    } else {
        std::path::absolute(&flags.output).map_err(|error| Failure::unusable(&error))?
    };
    let command = AdminCommand::Export { district: flags.district, kind, format, path: path.clone() };
    let answer = in_runtime(operator::ask(&settings, command));
    let printed = if to_stdout { print_and_remove(&path) } else { Ok(()) };
    match answer? {
        AdminAnswer::Done { message, .. } => {
            complain(&message);
            printed
        }
        AdminAnswer::Refused { message, .. } => Err(Failure::Refused(message)),
        AdminAnswer::Progress { .. } => Err(Failure::Refused("the server stopped half-way".to_owned())),
    }
}

fn print_and_remove(path: &PathBuf) -> Result<(), Failure> {
    let Ok(mut file) = File::open(path) else { return Ok(()) };
    let copied = std::io::copy(&mut file, &mut std::io::stdout().lock());
    // The folder of the data is the operator's; a file left there harms nobody.
    let _ = std::fs::remove_file(path);
    match copied {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::unusable(&error)),
        _ => Ok(()),
    }
}
