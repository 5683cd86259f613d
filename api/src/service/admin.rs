//! What operators do from the command line: districts, users, tokens, files in and out, a look at the health.
//!
//! A command is a value, so that it can be run where the database is open: by the running server, which is asked over
//! its local socket, or by the command itself where no server runs. Who can open the socket or the database is the
//! operator: there is no viewer here.

mod audit;
mod backup;
mod files;
mod staff;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::district::{District, DistrictCode};
use domain::ids::DistrictId;
use domain::rules::Rules;
use domain::staff::User;
use domain::text::LocalTexts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Services;
use super::export::{ExportFormat, ExportKind};
use super::import::{ImportOptions, Progress};
use crate::store::backup::BackupError;
pub use crate::store::backup::Occupied;
use crate::store::{Attempt, StoreError};
use audit::AuditFinding;
use files::ImportFiles;
pub use files::refuse_clashes;

/// Something an operator wants done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum AdminCommand {
    /// Adds a district.
    CreateDistrict(NewDistrict),
    /// Adds a user.
    AddUser(NewUser),
    /// Gives a user another role and cell.
    ChangeUser(NewUser),
    /// Makes a token for a user.
    CreateToken(NewToken),
    /// Imports a file that lies where the server can read it.
    Import {
        /// The district's code.
        district: String,
        /// The file.
        path: PathBuf,
        /// What it holds, and how it is to be read.
        options: ImportOptions,
        /// Where the bad rows are written, if anywhere.
        #[serde(default)]
        bad_rows: Option<PathBuf>,
        /// Where the report is written, if anywhere.
        #[serde(default)]
        report: Option<PathBuf>,
    },
    /// Writes a file where the server can write it.
    Export {
        /// The district's code.
        district: String,
        /// What.
        kind: ExportKind,
        /// As what.
        format: ExportFormat,
        /// The file.
        path: PathBuf,
    },
    /// Looks whether everything is as it should be.
    Examine,
    /// Writes the whole database to a new file where the server can write it.
    BackUp {
        /// The file.
        path: PathBuf,
    },
    /// Computes the audit chain again.
    VerifyAudit {
        /// The code of one district; `None` is all of them.
        district: Option<String>,
    },
}

/// A district to be added.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewDistrict {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The text of its rule file; `None` is the worked example.
    pub rules: Option<String>,
    /// An IANA zone.
    pub time_zone: String,
}

/// A user to be added, or as they are to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewUser {
    /// The name.
    pub name: String,
    /// The district's code.
    pub district: String,
    /// What they may do.
    pub role: String,
    /// The code of the cell whose subtree they work in.
    pub cell: Option<String>,
}

/// A token to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewToken {
    /// The user's name.
    pub user: String,
    /// The district's code; needed where several districts have a user of that name.
    pub district: Option<String>,
    /// How many days it is good for.
    pub days: u16,
}

/// What came of a command.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum AdminAnswer {
    /// It is under way: so many rows were read.
    Progress {
        /// How many.
        row_count: u64,
    },
    /// It was done.
    Done {
        /// One sentence.
        message: String,
        /// The report of an import, the findings of an examination, the token.
        detail: Value,
    },
    /// It was not done.
    Refused {
        /// One sentence.
        message: String,
        /// The report of an import that was refused.
        detail: Value,
    },
}

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Something in the command is wrong; the sentence says what is allowed.
    #[error("{0}")]
    Command(String),
    /// The file that was named cannot be read or written.
    #[error("{path} cannot be used: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A use case.
    #[error(transparent)]
    Service(#[from] super::ServiceError),
}

/// A token as it is handed out, once.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// The token.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How many random bytes a token has.
const TOKEN_BYTES: usize = 32;
/// The longest that a token may be good for.
const MAX_TOKEN_DAYS: u16 = 366;

impl Services {
    /// Runs a command; `progress` hears how far a long one is.
    pub async fn run_command(&self, command: AdminCommand, progress: &Progress) -> AdminAnswer {
        let done = match command {
            AdminCommand::CreateDistrict(new) => self.create_district(new).await,
            AdminCommand::AddUser(new) => self.add_user(new).await,
            AdminCommand::ChangeUser(change) => self.change_user(change).await,
            AdminCommand::CreateToken(new) => self.create_token(new).await,
            AdminCommand::Import { district, path, options, bad_rows, report } => {
                let files = ImportFiles { path, bad_rows, report };
                self.run_import(&district, &files, options, progress).await
            }
            AdminCommand::Export { district, kind, format, path } => {
                self.run_export(&district, kind, format, path).await
            }
            AdminCommand::Examine => self.examine().await,
            AdminCommand::BackUp { path } => self.back_up(&path).await,
            AdminCommand::VerifyAudit { district } => self.verify_audit(district.as_deref()).await,
        };
        done.unwrap_or_else(refused)
    }

    async fn create_district(&self, new: NewDistrict) -> Result<AdminAnswer, AdminError> {
        let code = DistrictCode::parse(&new.code).map_err(command)?;
        let names = LocalTexts::new([("und", new.name.as_str())]).map_err(command)?;
        let time_zone = new.time_zone.parse().map_err(|_| {
            AdminError::Command(format!(
                "{:?} is no time zone; one such as Asia/Shanghai is needed",
                new.time_zone
            ))
        })?;
        let rules_text = new.rules.as_deref().unwrap_or(Rules::DEFAULT_TEXT);
        let rules = Rules::parse(rules_text).map_err(|problems| {
            let sentences: Vec<String> = problems.iter().map(ToString::to_string).collect();
            AdminError::Command(format!("the rule file is not valid: {}", sentences.join("; ")))
        })?;
        let district = District {
            id: DistrictId(self.ids.next_id()),
            code,
            names,
            time_zone,
            exercise: false,
            attribution: None,
            plan_version: None,
            basemap_version: 0,
            rules: Arc::new(rules),
        };
        if !self.store.insert_district(&district, rules_text).await? {
            return Err(AdminError::Command(format!("there is a district {:?} already", new.code)));
        }
        self.cache.forget_districts().await;
        Ok(done(format!("added district {}", new.code), Value::Null))
    }

    async fn create_token(&self, new: NewToken) -> Result<AdminAnswer, AdminError> {
        if !(1..=MAX_TOKEN_DAYS).contains(&new.days) {
            let message = format!("{} days; 1 to {MAX_TOKEN_DAYS} are allowed", new.days);
            return Err(AdminError::Command(message));
        }
        let mut found = Vec::new();
        for district in self.store.districts().await? {
            let asked = new.district.as_deref().is_none_or(|code| code == district.code.as_str());
            if let Some(user) = self.store.user_by_name(district.id, &new.user).await?.filter(|_| asked) {
                found.push(user);
            }
        }
        let user = match found.as_slice() {
            [user] => user,
            [] => return Err(AdminError::Command(format!("there is no user {:?}", new.user))),
            _ => {
                let message =
                    format!("several districts have a user {:?}; say which with --district", new.user);
                return Err(AdminError::Command(message));
            }
        };
        let token = self.issue_token(user, TimeDelta::days(i64::from(new.days))).await?;
        let message = format!("a token for {}, good for {} days; it is shown only now", new.user, new.days);
        Ok(done(message, json!({ "token": token.expose() })))
    }

    /// Makes a token for a user. Only its hash is kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn issue_token(&self, user: &User, good_for: TimeDelta) -> Result<Token, StoreError> {
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; TOKEN_BYTES]>());
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let now = self.clock.now();
        self.store.insert_token(user, &hash, now + good_for, &Attempt::by_system(now)).await?;
        Ok(Token(token))
    }

    /// Looks at what can go wrong unseen: one finding each.
    async fn examine(&self) -> Result<AdminAnswer, AdminError> {
        let mut findings = Vec::new();
        let mut find = |what: &str, ok: bool, finding: String| {
            findings.push(json!({ "what": what, "ok": ok, "finding": finding }));
        };
        // A SQLite database whose settings do not read back as set is not opened at all.
        self.store.ping().await?;
        find("database", true, "it answers, with its settings read back".to_owned());
        let migrated = self.store.is_migrated().await?;
        find("tables", migrated, state_of_tables(migrated));
        // Tables of an older version may lack what is asked of them.
        let districts = if migrated { self.store.districts().await? } else { Vec::new() };
        for district in districts {
            let AuditFinding { whole, finding } = self.audit_finding(&district).await;
            find(&format!("audit of {}", district.code.as_str()), whole, finding);
            let what = format!("district {}", district.code.as_str());
            let Some(version) = district.plan_version else {
                find(&what, true, "no cells yet".to_owned());
                continue;
            };
            // Loading a plan proves it anew: every border has its twin, rings are simple, outer rings are disjoint.
            match self.store.load_plan(district.id, version).await {
                Ok(Some(parts)) => {
                    let (cells, leaves) = (parts.cells.len(), parts.leaf_cells.len());
                    find(&what, true, format!("plan {version} is proven: {cells} cells, {leaves} leaves"));
                }
                Ok(None) => find(&what, false, format!("plan {version} is missing")),
                Err(error) => find(&what, false, format!("plan {version} is damaged: {error}")),
            }
        }
        let wrong = findings.iter().filter(|finding| finding["ok"] == false).count();
        let message =
            if wrong == 0 { "all is well".to_owned() } else { format!("{wrong} findings need a look") };
        Ok(done(message, Value::Array(findings)))
    }

    pub(super) async fn district_for_admin(&self, code: &str) -> Result<District, AdminError> {
        let district = self.store.district_by_code(code).await?;
        district.ok_or_else(|| AdminError::Command(format!("there is no district {code:?}")))
    }
}

fn state_of_tables(migrated: bool) -> String {
    if migrated { "up to date" } else { "behind; run gridward migrate" }.to_owned()
}

pub(super) fn unusable(path: &Path, source: std::io::Error) -> AdminError {
    AdminError::File { path: path.display().to_string(), source }
}

fn command(problem: impl ToString) -> AdminError {
    AdminError::Command(problem.to_string())
}

pub(super) fn done(message: String, detail: Value) -> AdminAnswer {
    AdminAnswer::Done { message, detail }
}

fn refused(error: AdminError) -> AdminAnswer {
    AdminAnswer::Refused { message: error.to_string(), detail: Value::Null }
}
