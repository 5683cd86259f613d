//! The command line, through the built binary: what it prints, how it ends, and whom it reaches.
#![expect(clippy::expect_used, reason = "a test's own tools fail the test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Two households in a workbook that openpyxl has written.
const HOMES: &[u8] = include_bytes!("homes.xlsx");
const CELLS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"c-1"},"geometry":{"type":"Polygon","coordinates":
  [[[121.00,14.62],[121.01,14.62],[121.01,14.63],[121.00,14.63],[121.00,14.62]]]}}]}"#;
const OVERLAPPING: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"code":"c-1"},"geometry":{"type":"Polygon","coordinates":
  [[[121.00,14.62],[121.01,14.62],[121.01,14.63],[121.00,14.63],[121.00,14.62]]]}},
{"type":"Feature","properties":{"code":"c-2"},"geometry":{"type":"Polygon","coordinates":
  [[[121.00,14.62],[121.01,14.62],[121.01,14.63],[121.00,14.63],[121.00,14.62]]]}}]}"#;

/// Runs a command, compares how it ends, and gives what it printed to both streams.
fn check(folder: &Path, line: &str, code: i32) -> String {
    check_fed(folder, line, "/dev/null", code)
}

/// The same with a file as its standard input.
fn check_fed(folder: &Path, line: &str, input: &str, code: i32) -> String {
    let input = std::fs::File::open(folder.join(input)).expect("it is there");
    let output = Command::new(env!("CARGO_BIN_EXE_gridward"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_remove("PORT")
        .stdin(input)
        .output()
        .expect("the binary runs");
    let printed =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "gridward {line}: {printed}");
    printed
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("cells.geojson", CELLS), ("overlapping.geojson", OVERLAPPING)] {
        std::fs::write(folder.path().join(name), text).expect("the folder takes files");
    }
    folder
}

/// A demo on a free port, killed when the test ends.
struct Demo {
    child: Child,
    address: String,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gridward"))
            .args(["demo", "--data-dir", "."])
            .current_dir(folder)
            .env("PORT", "0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let address = lines
            .map_while(Result::ok)
            .map(|line| line.trim().to_owned())
            .find(|line| line.starts_with("http://127.0.0.1:"))
            .expect("the demo prints its address");
        Self { child, address }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

#[test]
fn each_way_to_end_has_its_code_and_one_clear_line() {
    let folder = folder();
    let check = |line: &str, code: i32, expected: &str| {
        let printed = check(folder.path(), line, code);
        assert!(printed.contains(expected), "gridward {line}: {printed}");
    };
    check("district create --code quezon --name Quezon --timezone Asia/Manila", 0, "added district quezon");
    check("district create --code quezon --name Quezon", 1, "there is a district \"quezon\" already");
    check("district create --code x! --name Quezon", 1, "letters a-z, digits or hyphens");
    check("district create --code q --name Q --timezone Manila", 1, "one such as Asia/Shanghai");
    check("import cells cells.geojson --district quezon --id code", 2, "cells need a level");
    check("import cells cells.geojson --district quezon --id code --level street", 1, "there is no level");
    check("import cells none.geojson --district quezon --level cell", 2, "cannot be read");
    check("import shops cells.geojson --district quezon", 2, "cells, households, basemap, incidents can");
    check("import cells cells.geojson --district quezon --level cell --datum mars", 2, "is not a datum");
    check("import households cells.geojson --district quezon --map rooms=r", 2, "fields are address");
    check("import cells cells.geojson --district nowhere --level cell", 1, "there is no district");
    check("import cells cells.geojson --district quezon --id code --level cell --dry-run", 0, "1 added");
    check("export cells --district quezon --format csv", 0, "code,level,name");
    check("import cells cells.geojson --district quezon --id code --level cell", 0, "1 added");
    check("import cells cells.geojson --district quezon --id code --level cell", 0, "0 added, 0 changed");
    check("export cells --district quezon --format csv", 0, "c-1,cell,");
    check("user add Luz --district quezon --role head --cell c-1", 0, "added user Luz: head of cell c-1");
    check("user add Luz --district quezon --role boss", 2, "possible values: admin, planner, dispatcher");
    check(
        "user change Luz --district quezon --role worker --cell c-1",
        0,
        "user Luz is worker of cell c-1 now",
    );
    check("user change Luz --district quezon --role worker --cell c-1", 0, "was worker of cell c-1 already");
    check("user change Luz --district quezon --role observer", 0, "is observer of the whole district now");
    check("user change Luz --district quezon --role boss", 2, "possible values: admin, planner, dispatcher");
    check("user change Luz --district quezon --role head --cell c-9", 1, "has no cell \"c-9\"");
    check("user change Lus --district quezon --role head", 1, "district quezon has no user \"Lus\"");
    check("user add Ben --district quezon --role worker", 0, "worker of the whole district (--cell CODE");
    check("token create Luz --expires 30d", 0, "it is shown only now");
    check("token create Luz --expires soon", 2, "must be a number of days");
    check("doctor", 0, "district quezon: plan 1 is proven: 1 cells, 1 leaves");
    check("audit verify", 0, "quezon: 6 rows, each as it was written");
    check("audit verify --district nowhere", 1, "there is no district \"nowhere\"");
    check("check-config --listen nowhere", 2, "nowhere");
    check("check-config --max-rows 7", 0, "max_rows = 7");
    check("check-rules cells.geojson", 1, "line 1");
    check("completions bash", 0, "gridward");
    check("schema", 0, "type Query");
    check("frobnicate", 2, "unrecognized subcommand");
}

#[tokio::test]
async fn the_doctor_changes_nothing_and_says_what_is_not_there_or_behind() {
    let empty = tempfile::tempdir().expect("a folder");
    let printed = check(empty.path(), "doctor", 2);
    assert!(printed.contains("there is no database at"), "{printed}");
    let left = std::fs::read_dir(empty.path()).expect("a folder").count();
    assert_eq!(left, 0, "the folder is as empty as it was");

    let folder = folder();
    check(folder.path(), "migrate", 0);
    let url = format!("sqlite://{}", folder.path().join("gridward.db").display());
    let database = sea_orm::Database::connect(url).await.expect("it opens");
    let last = "version = (SELECT max(version) FROM seaql_migrations)";
    let forget = format!("DELETE FROM seaql_migrations WHERE {last}");
    sea_orm::ConnectionTrait::execute_unprepared(&database, &forget).await.expect("a statement");
    database.close().await.expect("it closes");
    for time in ["first", "second"] {
        let printed = check(folder.path(), "doctor", 1);
        assert!(printed.contains("wrong tables: behind; run gridward migrate"), "{time}: {printed}");
    }
}

#[test]
fn a_folder_without_a_database_is_told_and_what_makes_one_says_where() {
    let folder = folder();
    let given = std::fs::read_dir(folder.path()).expect("a folder").count();
    for line in [
        "import cells cells.geojson --district quezon --level cell --id code",
        "import cells - --district quezon --level cell --id code",
        "export cells --district quezon",
        "user add Luz --district quezon --role head",
        "user change Luz --district quezon --role head",
        "token create Luz",
        "audit verify",
        "backup all.db",
    ] {
        let printed = check(folder.path(), line, 2);
        assert!(printed.contains("there is no database at /"), "{line}: {printed}");
        assert!(printed.contains("gridward.db: look at --data-dir"), "{line}: {printed}");
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, given, "{line} leaves nothing behind");
    }
    let line = "district create --code quezon --name Quezon";
    assert!(check(folder.path(), line, 0).contains("made a new database, /"));
    assert!(!check(folder.path(), "migrate", 0).contains("new database"), "it is there");

    let empty = tempfile::tempdir().expect("a folder");
    let mut server = Command::new(env!("CARGO_BIN_EXE_gridward"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"])
        .current_dir(empty.path())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut first = String::new();
    BufReader::new(server.stderr.take().expect("it is piped")).read_line(&mut first).expect("a line");
    server.kill().expect("it can be killed");
    server.wait().expect("it ends");
    assert!(first.contains("Made a new database, /") && first.contains("no district yet"), "{first}");
}

#[test]
fn a_file_of_voids_is_read_under_the_caps_of_an_import() {
    let folder = folder();
    check(folder.path(), "district create --code quezon --name Quezon", 0);
    let call =
        "import cells cells.geojson --district quezon --id code --level cell --voids overlapping.geojson";
    let printed = check(folder.path(), &format!("{call} --max-rows 1"), 1);
    assert!(printed.contains("the file of voids"), "{printed}");
}

#[test]
fn a_refused_import_leaves_a_report_and_no_cells() {
    let folder = folder();
    check(folder.path(), "district create --code quezon --name Quezon", 0);
    let line = "import cells overlapping.geojson --district quezon --id code --level cell --report r.json";
    let printed = check(folder.path(), line, 1);
    assert!(printed.contains("OVERLAP"), "{printed}");
    let report = std::fs::read(folder.path().join("r.json")).expect("the report is written");
    let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
    assert_eq!((&report["refused"], &report["row_count"]), (&true.into(), &2.into()));
    let exported = check(folder.path(), "export cells --district quezon --format csv", 0);
    assert!(!exported.contains("c-1"), "{exported}");
}

#[test]
fn a_workbook_comes_in_by_its_name_and_as_standard_input_and_no_copy_of_it_stays() {
    let folder = folder();
    std::fs::write(folder.path().join("homes.xlsx"), HOMES).expect("the folder takes files");
    std::fs::write(folder.path().join("cut.xlsx"), &HOMES[..HOMES.len() / 2])
        .expect("the folder takes files");
    check(folder.path(), "district create --code quezon --name Quezon --timezone Asia/Manila", 0);
    check(folder.path(), "import cells cells.geojson --district quezon --id code --level cell", 0);
    let cut = "import households - --format xlsx --district quezon";
    let printed = check_fed(folder.path(), cut, "cut.xlsx", 1);
    assert!(printed.contains("BAD_FORMAT") && printed.contains("nothing was imported"), "{printed}");
    let printed = check(folder.path(), "import households homes.xlsx --district quezon", 0);
    assert!(printed.contains("2 added"), "{printed}");
    let printed = check_fed(folder.path(), cut, "homes.xlsx", 0);
    assert!(printed.contains("0 added, 0 changed, 2 unchanged"), "{printed}");
    let exported = check(folder.path(), "export households --district quezon --format csv", 0);
    assert!(exported.contains("h-1,,\"Kaliraya 12, rear\",121.005,14.625,c-1,inside,"), "{exported}");
    assert!(exported.contains("410102001002003,,八里岗村,121.006,14.626,c-1,inside,"), "{exported}");
    let names = std::fs::read_dir(folder.path()).expect("a folder");
    let copies: Vec<_> = names
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert_eq!(copies, [""; 0]);
}

#[test]
fn commands_reach_a_running_server_and_do_without_one_that_was_killed() {
    let folder = folder();
    let demo = Demo::start(folder.path());
    assert!(demo.address.len() > "http://127.0.0.1:1/".len(), "{}", demo.address);
    check(folder.path(), "district create --code quezon --name Quezon", 0);
    let line = "import cells cells.geojson --district quezon --id code --level cell";
    assert!(check(folder.path(), line, 0).contains("1 added"));
    assert!(check(folder.path(), "doctor", 0).contains("district demo: plan 1 is proven: 37 cells"));
    assert!(check(folder.path(), "backup all.db", 0).contains("all.db holds everything, checked"));
    assert!(
        check(folder.path(), "backup all.db", 1).contains("is there already; give the backup another name")
    );
    assert!(check(folder.path(), "restore all.db --replace", 1).contains("another Gridward server runs on"));
    assert!(check(folder.path(), "audit verify --district demo", 0).contains("each as it was written"));
    let second = check(folder.path(), "serve --listen 127.0.0.1:0", 2);
    assert!(second.contains("database"), "a second server is refused: {second}");
    drop(demo);
    assert!(folder.path().join("gridward.sock").exists(), "a killed server leaves its socket");
    assert!(check(folder.path(), "export cells --district quezon --format csv", 0).contains("c-1,cell,"));
    assert!(
        check(folder.path(), "restore all.db", 1).contains("give --replace to put the backup in their place")
    );
    assert!(check(folder.path(), "restore cells.geojson --replace", 1).contains("is no backup of Gridward"));
    assert!(check(folder.path(), "restore all.db --replace", 0).contains("restored and checked: demo"));
    assert!(check(folder.path(), "audit verify", 0).contains("quezon: 2 rows, each as it was written"));
    assert!(check(folder.path(), "export cells --district quezon --format csv", 0).contains("c-1,cell,"));
}

#[test]
fn a_call_that_would_write_over_what_it_reads_or_asks_for_the_absurd_is_refused_in_one_line() {
    let folder = folder();
    std::fs::hard_link(folder.path().join("cells.geojson"), folder.path().join("hard.geojson"))
        .expect("a link");
    let check = |line: &str, expected: &str| {
        let printed = check(folder.path(), line, 2);
        assert!(printed.contains(expected), "gridward {line}: {printed}");
        assert_eq!(printed.lines().count(), 1, "gridward {line}: {printed}");
        let read = std::fs::read_to_string(folder.path().join("cells.geojson")).expect("it is there");
        assert_eq!(read, CELLS, "gridward {line}");
    };
    let import = "import cells cells.geojson --district quezon --level cell --id code";
    for name in ["cells.geojson", "./cells.geojson", "hard.geojson"] {
        check(&format!("{import} --report {name}"), "is the file to be imported");
        check(&format!("{import} --skip-bad {name}"), "is the file to be imported");
    }
    check(&format!("{import} --skip-bad out --report ./out"), "would be written twice");
    check(
        "import cells - --district quezon --level cell --skip-bad out --report out",
        "would be written twice",
    );
    check("check-config --max-rows 0", "max_rows is not valid: it is 0; 1 to 1000000000 is allowed");
}
