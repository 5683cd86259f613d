//! `gridward check-config`, `check-rules` and `doctor`: looking, and changing nothing.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use domain::rules::Rules;
use serde_json::Value;

use super::arguments::SettingsFlags;
use super::{Failure, complain, in_runtime, operator, read_text, say};
use crate::config::{self, Overrides, Settings};
use crate::service::admin::{AdminAnswer, AdminCommand};

/// Shows the settings as they came together; secrets stay hidden.
pub(super) fn config(flags: SettingsFlags) -> Result<(), Failure> {
    let given = Overrides::combined(flags.overrides, std::env::vars(), flags.config.as_deref());
    let shown = given.and_then(|given| config::in_force(&given));
    say(shown.map_err(|error| Failure::unusable(&error))?)
}

/// Names every problem of a rule file.
pub(super) fn rules(file: &Path) -> Result<(), Failure> {
    match Rules::parse(&read_text(file)?) {
        Ok(rules) => {
            let (levels, categories) = (rules.levels().len(), rules.categories().len());
            say(format!("{} is valid: {levels} levels, {categories} categories", file.display()))
        }
        Err(problems) => {
            for problem in &problems {
                complain(&format!("{}: {problem}", file.display()));
            }
            Err(Failure::Refused(counted(problems.len(), "problem")))
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Says in a line each how the parts are.
pub(super) fn doctor(settings: &Settings) -> Result<(), Failure> {
    say(format!("ok    configuration: data in {}", settings.data_dir.display()))?;
    say(disk_line(&settings.data_dir)?)?;
    let answer = in_runtime(operator::ask(settings, AdminCommand::Examine))?;
    let (AdminAnswer::Done { message, detail } | AdminAnswer::Refused { message, detail }) = answer else {
        return Err(Failure::Refused("the server stopped half-way".to_owned()));
    };
    let findings = detail.as_array().map_or(&[][..], Vec::as_slice);
    for finding in findings {
        say(finding_line(finding))?;
    }
    if findings.iter().all(|finding| finding["ok"].as_bool() == Some(true)) && !findings.is_empty() {
        say(message)
    } else {
        Err(Failure::Refused(message))
    }
}

/// Writes a little, makes it safe, and says how long that took: every acknowledged write waits as long.
fn disk_line(folder: &Path) -> Result<String, Failure> {
    let path = folder.join(format!("doctor-{}.tmp", std::process::id()));
    let begun = Instant::now();
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&[0; 4096])?;
        file.sync_all()
    });
    let took_ms = begun.elapsed().as_secs_f64() * 1e3;
    // Where it could not be made there is nothing to remove.
    let _ = std::fs::remove_file(&path);
    written.map_err(|error| Failure::Refused(format!("wrong disk: {}: {error}", folder.display())))?;
    Ok(format!("ok    disk: a write is safe after {took_ms:.1} ms"))
}

fn finding_line(finding: &Value) -> String {
    let word = |name: &str| finding[name].as_str().unwrap_or_default();
    let mark = if finding["ok"].as_bool() == Some(true) { "ok   " } else { "wrong" };
    format!("{mark} {}: {}", word("what"), word("finding"))
}
