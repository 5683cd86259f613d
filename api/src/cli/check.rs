//! `gridward check-config`, `check-rules` and `doctor`: looking, and changing nothing.

use std::path::Path;

use domain::rules::Rules;
use serde_json::Value;

use super::arguments::SettingsFlags;
use super::{Failure, complain, in_runtime, operator, read_text, say, settings};
use crate::config::Settings;
use crate::service::admin::{AdminAnswer, AdminCommand};

/// Shows the settings as they came together; secrets stay hidden.
pub(super) fn config(flags: SettingsFlags) -> Result<(), Failure> {
    let settings = settings(flags)?;
    say(format!("{settings:#?}"))
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
            Err(Failure::Refused(format!("{} problems", problems.len())))
        }
    }
}

/// Says in a line each how the parts are.
pub(super) fn doctor(settings: &Settings) -> Result<(), Failure> {
    say(format!("ok    configuration: data in {}", settings.data_dir.display()))?;
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

fn finding_line(finding: &Value) -> String {
    let word = |name: &str| finding[name].as_str().unwrap_or_default();
    let mark = if finding["ok"].as_bool() == Some(true) { "ok   " } else { "wrong" };
    format!("{mark} {}: {}", word("what"), word("finding"))
}
