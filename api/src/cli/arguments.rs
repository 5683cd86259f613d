//! The commands and their flags, as `--help` shows them.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use domain::viewer::Role;
use geo_tools::Datum;

use crate::config::Overrides;

/// Cells, households and incidents of a district, on a live map.
#[derive(Debug, Parser)]
#[command(name = "gridward", version, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve a demo district with a stream of simulated incidents.
    Demo(DemoFlags),
    /// Serve.
    Serve(SettingsFlags),
    /// Bring the database up to date.
    Migrate(SettingsFlags),
    /// Check the configuration and show it.
    CheckConfig(SettingsFlags),
    /// Check a rule file and name every problem of it.
    CheckRules {
        /// The rule file.
        file: PathBuf,
    },
    /// Print the GraphQL schema.
    Schema,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Look whether everything is as it should be.
    Doctor(SettingsFlags),
    /// Districts.
    #[command(subcommand)]
    District(DistrictCommand),
    /// Users.
    #[command(subcommand)]
    User(UserCommand),
    /// Tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Write everything to a new file, checked, while the server goes on.
    Backup {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        settings: SettingsFlags,
    },
    /// Put a backup in the place of the database, where no server runs on it.
    Restore(RestoreFlags),
    /// The record of who did what.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Bring a file in. With any bad row nothing changes, and all of them are listed.
    Import(Box<ImportFlags>),
    /// Take rows out as a file.
    Export(ExportFlags),
}

/// Settings, and the file that they may stand in.
#[derive(Debug, Default, Args)]
pub(super) struct SettingsFlags {
    /// The configuration file [default: gridward.toml, if it is there].
    #[arg(long, value_name = "FILE", help_heading = "Data folder and databases")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) overrides: Overrides,
}

/// What the demo can be told.
#[derive(Debug, Args)]
pub(super) struct DemoFlags {
    /// The folder of its data.
    #[arg(long, value_name = "FOLDER", default_value = "gridward-demo")]
    pub(super) data_dir: PathBuf,
    /// The port to listen on.
    #[arg(long, env = "PORT", default_value_t = 8080)]
    pub(super) port: u16,
    /// How large the generated town demo-cn is made [default: as it is there, else town].
    #[arg(long, value_enum)]
    pub(super) scale: Option<Scale>,
}

/// How large the generated town is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Scale {
    /// 56 cells, 8,857 households.
    Town,
    /// 1,400 cells, 560,000 households: some minutes until it is there.
    City,
}

/// What can be done with districts.
#[derive(Debug, Subcommand)]
pub(super) enum DistrictCommand {
    /// Add a district.
    Create {
        /// Its code, such as 410184.
        #[arg(long)]
        code: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// Its rule file [default: the worked example].
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
        /// The zone in which its days begin.
        #[arg(long, value_name = "ZONE", default_value = "Asia/Shanghai")]
        timezone: String,
        #[command(flatten)]
        settings: SettingsFlags,
    },
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a user.
    Add {
        /// The name.
        name: String,
        /// The district's code.
        #[arg(long)]
        district: String,
        /// What they may do.
        #[arg(long, value_parser = roles())]
        role: String,
        /// The code of the cell that they work in, with all below it.
        #[arg(long, value_name = "CODE")]
        cell: Option<String>,
        #[command(flatten)]
        settings: SettingsFlags,
    },
    /// Give a user another role or cell; what they follow on a map ends, and begins anew with what they may see then.
    Change {
        /// The name.
        name: String,
        /// The district's code.
        #[arg(long)]
        district: String,
        /// What they may do.
        #[arg(long, value_parser = roles())]
        role: String,
        /// The code of the cell that they work in, with all below it [default: the whole district].
        #[arg(long, value_name = "CODE")]
        cell: Option<String>,
        #[command(flatten)]
        settings: SettingsFlags,
    },
}

/// What can be done with tokens.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token for a user; it is shown once.
    Create {
        /// The user's name.
        name: String,
        /// The district's code, where several have a user of that name.
        #[arg(long)]
        district: Option<String>,
        /// How long it is good for, in days.
        #[arg(long, value_name = "DAYS", default_value = "30d", value_parser = days)]
        expires: u16,
        #[command(flatten)]
        settings: SettingsFlags,
    },
}

/// What is to be restored.
#[derive(Debug, Args)]
pub(super) struct RestoreFlags {
    /// The backup, from SQLite or PostgreSQL, for either.
    pub(super) file: PathBuf,
    /// Let it take the place of districts that are there; a SQLite file is kept beside it.
    #[arg(long)]
    pub(super) replace: bool,
    #[command(flatten)]
    pub(super) settings: SettingsFlags,
}

/// What can be done with the record of who did what.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Compute the chain of each district again; a row that was changed, taken out, put in or moved is told.
    Verify {
        /// The code of one district [default: all of them].
        #[arg(long)]
        district: Option<String>,
        #[command(flatten)]
        settings: SettingsFlags,
    },
}

/// What is to be imported, and how.
#[derive(Debug, Args)]
pub(super) struct ImportFlags {
    /// cells, households, basemap or incidents.
    pub(super) kind: String,
    /// The file: GeoJSON, CSV, XLSX, a zipped Shapefile, GeoPackage or FlatGeobuf, packed with gzip or not; - is standard
    /// input.
    pub(super) file: PathBuf,
    /// The district's code.
    #[arg(long)]
    pub(super) district: String,
    /// The level of the cells, such as township or cell.
    #[arg(long)]
    pub(super) level: Option<String>,
    /// The property or column with the id or code [default: id, else the feature's own id].
    #[arg(long, value_name = "PROPERTY")]
    pub(super) id: Option<String>,
    /// The property with the name of a cell [default: name].
    #[arg(long, value_name = "PROPERTY")]
    pub(super) name: Option<String>,
    /// The property with the code or name of the cell above [default: found by the largest area].
    #[arg(long, value_name = "PROPERTY")]
    pub(super) parent: Option<String>,
    /// A file with ground that belongs to no cell on purpose, such as an enclave [default: as in the plan in force].
    #[arg(long, value_name = "FILE")]
    pub(super) voids: Option<PathBuf>,
    /// The layer of a GeoPackage or the sheet of a workbook, where there are several.
    #[arg(long, value_name = "NAME")]
    pub(super) layer: Option<String>,
    /// What the coordinates refer to: wgs84, gcj02, bd09, cgcs2000 or web-mercator [default: wgs84, and a file that looks
    /// like gcj02 or bd09 waits for an answer].
    #[arg(long, value_name = "DATUM")]
    pub(super) datum: Option<Datum>,
    /// Which column holds what, such as dwellings=flats; address=street,housenumber joins two.
    #[arg(long, value_name = "FIELD=COLUMN", num_args = 1..)]
    pub(super) map: Vec<String>,
    /// geojson, csv, xlsx, shapefile (zipped), geopackage or flatgeobuf [default: by the file's name].
    #[arg(long)]
    pub(super) format: Option<String>,
    /// Check and count, and change nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Import the good rows, and write the bad ones there with their reasons.
    #[arg(long, value_name = "BAD.csv")]
    pub(super) skip_bad: Option<PathBuf>,
    /// Write the report there, as JSON.
    #[arg(long, value_name = "REPORT.json")]
    pub(super) report: Option<PathBuf>,
    #[command(flatten)]
    pub(super) settings: SettingsFlags,
}

/// What is to be exported, and how.
#[derive(Debug, Args)]
pub(super) struct ExportFlags {
    /// cells, households or incidents.
    pub(super) kind: String,
    /// The district's code.
    #[arg(long)]
    pub(super) district: String,
    /// geojson or csv.
    #[arg(long, default_value = "geojson")]
    pub(super) format: String,
    /// The file; - is standard output.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) settings: SettingsFlags,
}

/// The roles that somebody may be given.
fn roles() -> PossibleValuesParser {
    let given = Role::ALL.into_iter().rev().filter(|role| *role != Role::Public);
    PossibleValuesParser::new(given.map(Role::as_str))
}

/// Days, as `30d` or `30`.
fn days(text: &str) -> Result<u16, String> {
    let number = text.strip_suffix('d').unwrap_or(text);
    number.parse().map_err(|_| format!("{text:?} must be a number of days, such as 30d"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_of_every_command_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_help_of_every_command_keeps_settings_apart_and_no_heap_is_long() {
        let mut waiting = vec![Arguments::command()];
        while let Some(command) = waiting.pop() {
            waiting.extend(command.get_subcommands().cloned());
            let mut heaps: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
            for argument in command.get_arguments() {
                heaps.entry(argument.get_help_heading()).or_default().push(argument.get_id().as_str());
            }
            for (heading, flags) in &heaps {
                assert!(flags.len() <= 16, "{}: {} under {heading:?}", command.get_name(), flags.len());
            }
            let own = heaps.get(&None).map_or(&[][..], Vec::as_slice);
            let setting =
                own.iter().find(|flag| flag.starts_with("max_") || ["listen", "log"].contains(flag));
            assert_eq!(setting, None, "{}: {own:?}", command.get_name());
        }
    }

    #[test]
    fn an_import_takes_several_columns_in_one_flag() {
        let line =
            "gridward import households homes.csv --district li --map dwellings=d address=street,number";
        let Command::Import(flags) = Arguments::parse_from(line.split(' ')).command else {
            panic!("an import")
        };
        assert_eq!(flags.map, ["dwellings=d", "address=street,number"]);
    }

    #[test]
    fn an_expiry_is_a_number_of_days() {
        assert_eq!(days("30d"), Ok(30));
        assert_eq!(days("7"), Ok(7));
        assert!(days("1 week").is_err());
    }
}
