//! `gridward backup` and `restore`: everything into one file, and back.

use std::path::{Path, PathBuf};

use super::arguments::RestoreFlags;
use super::{Failure, in_runtime, operator, say, settings};
use crate::clock::Clock;
use crate::config::Settings;
use crate::service::Services;
use crate::service::admin::{AdminAnswer, AdminCommand, Occupied};

pub(super) fn take(settings: &Settings, file: &Path) -> Result<(), Failure> {
    // The server may run in another folder.
    let path = absolute(file)?;
    operator::run(settings, AdminCommand::BackUp { path })
}

pub(super) fn restore(flags: RestoreFlags) -> Result<(), Failure> {
    let settings = settings(flags.settings)?;
    let occupied = if flags.replace { Occupied::Replace } else { Occupied::Keep };
    let file = absolute(&flags.file)?;
    let restored = in_runtime(async {
        let restored = Services::restore(&settings, &file, occupied, &Clock::system()).await;
        restored.map_err(|error| Failure::refused(&error))
    })?;
    match restored {
        AdminAnswer::Done { message, .. } => say(message),
        AdminAnswer::Refused { message, .. } => Err(Failure::Refused(message)),
        AdminAnswer::Progress { .. } => Ok(()),
    }
}

fn absolute(file: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(file).map_err(|error| Failure::unusable(&error))
}
