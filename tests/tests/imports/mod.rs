//! Files in and out, through the commands of an operator, on a database of its own.

mod bad_input;
mod buildings;
mod columns;
mod datum;
mod demo;
mod demo_grid;
mod files;
pub(crate) mod formats;
mod generated_town;
mod incidents;
mod liechtenstein;
mod round_trip;
mod samples;
mod told;

use std::path::{Path, PathBuf};

use api::clock::Clock;
use api::config::{Overrides, Secret, Settings};
use api::service::Services;
use api::service::admin::{AdminAnswer, AdminCommand, NewDistrict};
use api::service::export::{ExportFormat, ExportKind};
use api::service::import::{BadRows, ColumnMap, FileFormat, ImportKind, ImportOptions, Progress};
use serde_json::Value;

/// A folder with a database, gone when the test ends.
pub(crate) struct Office {
    pub(crate) services: Services,
    pub(crate) settings: Settings,
    pub(crate) folder: tempfile::TempDir,
}

impl Office {
    /// An empty database.
    pub(crate) async fn open() -> Self {
        Self::open_on(None).await
    }

    /// An empty database: at an address, or a new SQLite file.
    async fn open_on(database_url: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = Some(folder.path().to_owned());
        let database_url = database_url.map(Secret::new);
        let given = Overrides { data_dir, database_url, ..Overrides::default() };
        let settings = Settings::from_overrides(given).expect("valid settings");
        let services = Services::open(&settings, Clock::system()).await.expect("a new database opens");
        Self { services, settings, folder }
    }

    /// A database with one district.
    pub(crate) async fn with_district(code: &str) -> Self {
        Self::with_district_on(None, code).await
    }

    async fn with_district_on(database_url: Option<String>, code: &str) -> Self {
        let office = Self::open_on(database_url).await;
        let new = NewDistrict {
            code: code.to_owned(),
            name: code.to_owned(),
            rules: None,
            time_zone: "Asia/Manila".to_owned(),
        };
        office.done(AdminCommand::CreateDistrict(new)).await;
        office
    }

    pub(crate) async fn run(&self, command: AdminCommand) -> AdminAnswer {
        self.services.run_command(command, &Progress::silent()).await
    }

    /// Runs a command that must succeed, and gives what it answers.
    pub(crate) async fn done(&self, command: AdminCommand) -> Value {
        match self.run(command).await {
            AdminAnswer::Done { detail, .. } => detail,
            other => panic!("{other:?}"),
        }
    }

    /// Runs an import that must be refused, and gives its report.
    pub(crate) async fn refused(&self, command: AdminCommand) -> Value {
        match self.run(command).await {
            AdminAnswer::Refused { detail, .. } => detail,
            other => panic!("{other:?}"),
        }
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("the folder takes files");
        path
    }

    /// What an export writes.
    pub(crate) async fn exported(&self, district: &str, kind: ExportKind, format: ExportFormat) -> String {
        let path = self.folder.path().join("export.out");
        let district = district.to_owned();
        self.done(AdminCommand::Export { district, kind, format, path: path.clone() }).await;
        std::fs::read_to_string(path).expect("the export is there")
    }
}

/// The import of a file, as flags would say it.
pub(crate) fn import(district: &str, path: &Path, options: ImportOptions) -> AdminCommand {
    let (district, path) = (district.to_owned(), path.to_owned());
    AdminCommand::Import { district, path, options, bad_rows: None, report: None }
}

/// The same, with a file for the bad rows.
pub(crate) fn import_skipping(
    district: &str,
    path: &Path,
    options: ImportOptions,
    bad_rows: &Path,
) -> AdminCommand {
    let options = ImportOptions { bad_rows: BadRows::Skip, ..options };
    let (district, path) = (district.to_owned(), path.to_owned());
    AdminCommand::Import { district, path, options, bad_rows: Some(bad_rows.to_owned()), report: None }
}

pub(crate) fn options(kind: ImportKind, path: &Path, columns: &[&str]) -> ImportOptions {
    let columns = ColumnMap::parse(kind, columns.iter().copied()).expect("valid columns");
    let format = FileFormat::of_name(&path.to_string_lossy());
    ImportOptions { columns, ..ImportOptions::new(kind, format) }
}

/// The options of cells at a level.
pub(crate) fn cells(path: &Path, level: &str, id: &str, parent: Option<&str>) -> ImportOptions {
    ImportOptions {
        level: Some(level.to_owned()),
        id: Some(id.to_owned()),
        parent: parent.map(str::to_owned),
        ..options(ImportKind::Cells, path, &[])
    }
}
