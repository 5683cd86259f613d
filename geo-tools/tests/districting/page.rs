//! The page of a plan: it opens without a connection, and nothing out of a file is markup or code in it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::commands::{folder_with, row_of, run};

/// Names that would be markup, end a script, or steer a reader, if they were let.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'/><svg onload=alert(1)>",
    "</script><!--<script>",
    "&lt;b&gt;&#60;",
    "javascript:alert(1)\u{202e}\u{2028}",
];

/// A tag of a page with its attributes.
#[derive(Debug)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

/// The tags of a page as a browser reads them, and the text between; scripts and styles end at their end tag.
fn read(page: &str) -> (Vec<Tag>, String) {
    let (mut tags, mut text) = (Vec::new(), String::new());
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (tag, after) = tag(rest);
        rest = after;
        if tag.name == "script" || tag.name == "style" {
            let end = rest.find(&format!("</{}", tag.name)).expect("an end");
            rest = &rest[end..];
        }
        tags.push(tag);
    }
    text.push_str(rest);
    (tags, text)
}

/// A tag behind its bracket, and what comes after it.
fn tag(from: &str) -> (Tag, &str) {
    let name_end = from.find(|c: char| c.is_whitespace() || c == '>' || (c == '/' && !from.starts_with('/')));
    let name_end = name_end.expect("a tag ends");
    let (name, mut rest) = from.split_at(name_end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (Tag { name: name.to_lowercase(), attributes }, after);
        }
        // Where a name should begin, "=" is its first letter.
        let ends = |&(_, c): &(usize, char)| "=>/ \n".contains(c);
        let (end, _) = rest.char_indices().skip(1).find(ends).expect("an attribute ends");
        let key = rest[..end].to_lowercase();
        rest = &rest[end..];
        let mut value = "";
        if let Some(after) = rest.strip_prefix("=\"") {
            let end = after.find('"').expect("a value ends");
            (value, rest) = (&after[..end], &after[end + 1..]);
        } else if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = after.split_at(after.find(['>', ' ', '\n']).expect("a value ends"));
        }
        attributes.push((key, value.to_owned()));
    }
}

/// A page of four units with hostile names in cells with hostile names, with a plan before.
fn page(language: &str) -> String {
    let unit = |at: usize| {
        // The unit that moves is called as nothing else is.
        let (code, village) = (Value::from(HOSTILE[(at + 1) % 4]), Value::from(HOSTILE[at / 2]));
        format!(r#"{{"code":{code},"n":{},"village":{village}}}"#, 20 - at)
    };
    let units: Vec<String> = (0..4).map(unit).collect();
    let units: Vec<&str> = units.iter().map(String::as_str).collect();
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let plan = |cells: [usize; 4]| {
        let row = |(unit, cell): (usize, usize)| {
            format!("{},{}\n", quoted(HOSTILE[(unit + 1) % 4]), quoted(HOSTILE[cell]))
        };
        format!("unit,cell\n{}", cells.into_iter().enumerate().map(row).collect::<String>())
    };
    let files =
        [("units.geojson", row_of(&units)), ("old.csv", plan([4, 4, 5, 5])), ("new.csv", plan([4, 3, 5, 5]))];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder_with(&files);
    let arguments = "score --units units.geojson --id code --weight n --parent village --plan new.csv --before old.csv --html page.html --explain - --language";
    let arguments: Vec<&str> = arguments.split(' ').chain([language]).collect();
    let output = run(folder.path(), &arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() != Some(2), "{said}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains('\u{202e}'));
    std::fs::read_to_string(folder.path().join("page.html")).expect("a page")
}

#[test]
fn a_page_names_no_other_place_and_runs_only_its_own_script() {
    for language in ["zh", "en"] {
        let page = page(language);
        for elsewhere in ["http:", "https:", "//cdn", "@import", "srcset", "fetch(", "XMLHttpRequest"] {
            assert!(!page.contains(elsewhere), "{elsewhere}");
        }
        let (tags, _) = read(&page);
        let known = "!doctype html head meta title style body header h1 span div button main dl dt dd section h2 h3 svg defs pattern line g path ul li i p label input aside rect text details summary table thead tbody tr th td script";
        let known: BTreeSet<&str> = known.split(' ').collect();
        for tag in &tags {
            assert!(known.contains(tag.name.trim_start_matches('/')), "{tag:?}");
            for (key, value) in &tag.attributes {
                assert!(
                    !key.starts_with("on") && !["src", "href", "style", "action"].contains(&key.as_str()),
                    "{tag:?}"
                );
                assert!(!value.contains("javascript:"), "{tag:?}");
            }
        }
        assert_eq!(tags.iter().filter(|tag| tag.name == "script").count(), 2);
        let policy =
            tags.iter().flat_map(|tag| &tag.attributes).find(|(_, value)| value.starts_with("default-src"));
        assert_eq!(
            policy.expect("a policy").1,
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
        );
        let tag = if language == "zh" { "zh-CN" } else { "en" };
        assert!(page.starts_with(&format!("<!doctype html>\n<html lang=\"{tag}\">")), "{page}");
    }
}

#[test]
fn names_out_of_files_are_text_on_a_page() {
    let page = page("en");
    let (tags, text) = read(&page);
    for name in &HOSTILE[..5] {
        let escaped = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let escaped = escaped.replace('"', "&quot;").replace('\'', "&#39;");
        assert!(text.contains(&escaped), "{name}");
    }
    assert!(!page.contains('\u{202e}') && !page.contains('\u{2028}'));
    let start = page.find("id=\"figures\">").expect("figures") + "id=\"figures\">".len();
    let end = start + page[start..].find("</script>").expect("an end");
    let figures: Value = serde_json::from_str(&page[start..end]).expect("JSON");
    let names: Vec<&str> =
        figures.as_array().expect("cells").iter().filter_map(|cell| cell[0].as_str()).collect();
    assert_eq!(names.len(), 3);
    assert!(names.contains(&HOSTILE[3]) && names.contains(&HOSTILE[4]), "{names:?}");
    let shapes = tags
        .iter()
        .filter(|tag| tag.attributes.iter().any(|(key, value)| key == "id" && value.starts_with('c')));
    // Each cell has its shape, beside the outline of the chosen one, the panel's "compact" and "cells".
    assert_eq!(shapes.filter(|tag| tag.name == "path").count(), names.len() + 1);
}

#[test]
fn a_shape_covers_the_ground_of_its_cell() {
    let units: Vec<String> = (0..4).map(|at| format!(r#"{{"code":"{at}","n":10}}"#)).collect();
    let units: Vec<&str> = units.iter().map(String::as_str).collect();
    let folder =
        folder_with(&[("units.geojson", &row_of(&units)), ("plan.csv", "unit,cell\n0,a\n1,a\n2,b\n3,b\n")]);
    let arguments = "score --units units.geojson --id code --weight n --plan plan.csv --html page.html";
    let output = run(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(folder.path().join("page.html")).expect("a page");
    let (tags, _) = read(&page);
    let shape = |id: &str| {
        let has = |tag: &&Tag| tag.attributes.contains(&("id".to_owned(), id.to_owned()));
        let tag = tags.iter().find(has).expect("a shape");
        tag.attributes.iter().find(|(key, _)| key == "d").expect("its data").1.clone()
    };
    // Four squares of 0.01° in a row, 4 000 steps wide; a hundredth of a degree of latitude is 1 212 of them at 34.395°.
    let covered = |shape: &str| {
        let numbers: Vec<i64> = shape
            .trim_end_matches('z')
            .split(['M', 'h', 'v', 'l', ' '])
            .filter_map(|n| n.parse().ok())
            .collect();
        (shape.matches('M').count(), numbers.iter().map(|n| n.abs()).max())
    };
    assert_eq!(covered(&shape("c0")), (1, Some(2_000)), "{}", shape("c0"));
    assert_eq!(shape("c0").matches(['h', 'v', 'l']).count(), 3, "{}", shape("c0"));
    assert!(
        page.contains("viewBox=\"0 0 4000 1212\""),
        "{}",
        &page[page.find("viewBox").expect("a map")..][..60]
    );
}
