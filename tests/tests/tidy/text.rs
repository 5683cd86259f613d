//! What stands in files that are not Rust, or in all of them: templates, lock files, documents.

use std::path::Path;

use super::source::{Finding, Source, root};

/// Where codes that leave the product are written down, as string literals in UPPER_SNAKE.
const CODE_FILES: [&str; 4] =
    ["geo-tools/src/problem.rs", "domain/src/input.rs", "api/src/graphql/error.rs", "api/src/http/error.rs"];
const CATALOGUE: &str = "docs/errors.md";

/// A static `style="…"` in a Svelte template: the content security policy refuses it.
pub(crate) fn static_styles(source: &Source) -> Vec<Finding> {
    if !source.path.ends_with(".svelte") && !source.path.ends_with(".html") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (place, start) in source.text.match_indices("style=") {
        let before = source.text[..place].chars().next_back();
        let quoted = &source.text[place + start.len()..];
        let Some(quote) = quoted.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
        let value = quoted[1..].split(quote).next().unwrap_or_default();
        if before.is_none_or(char::is_whitespace) && !value.contains('{') {
            let line = source.text[..place].lines().count().max(1);
            let mend = "use a class, or `style:property={value}`: the policy `style-src 'self'` refuses what is in the template";
            findings.push(source.finding(line, format!("a static style=\"{value}\""), mend));
        }
    }
    findings
}

/// A lock file that names another place than the public registry.
pub(crate) fn registries_in_lock_files(source: &Source) -> Vec<Finding> {
    let (key, public) = match source.path.rsplit('/').next() {
        Some("package-lock.json") => ("\"resolved\": \"http", "\"resolved\": \"https://registry.npmjs.org/"),
        Some("Cargo.lock") => {
            ("source = ", "source = \"registry+https://github.com/rust-lang/crates.io-index\"")
        }
        _ => return Vec::new(),
    };
    let lines = source.text.lines().enumerate();
    let mend = "lock again against the public registry; a mirror belongs into the user's own configuration";
    lines
        .filter(|(_, text)| text.contains(key) && !text.contains(public))
        .map(|(line, text)| {
            source.finding(line + 1, format!("locked to another place: {}", text.trim()), mend)
        })
        .collect()
}

/// A path that exists on one machine only.
pub(crate) fn paths_of_one_machine(source: &Source) -> Vec<Finding> {
    let homes = ["/root/", "/home/", "/Users/", "/work/", "C:\\Users\\"];
    if source.path == "tests/tests/tidy/text.rs" || source.path.ends_with(".lock") {
        return Vec::new();
    }
    let mend = "say it relative to the repository, with `~`, or by an environment variable";
    let mut findings = Vec::new();
    for (line, text) in source.text.lines().enumerate() {
        for home in homes {
            let absolute = text.match_indices(home).any(|(place, _)| {
                let before = text[..place].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || "._-$}{~*/".contains(c))
            });
            if absolute {
                findings.push(source.finding(line + 1, format!("`{home}…` is one machine's path"), mend));
            }
        }
    }
    findings
}

fn is_code(text: &str) -> bool {
    text.len() > 2
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// A code that leaves the product and stands in no document, or is documented and does not exist.
pub(crate) fn undocumented_codes(sources: &[Source]) -> Vec<Finding> {
    let catalogue = sources.iter().find(|source| source.path == CATALOGUE);
    let documented: Vec<&str> = catalogue
        .iter()
        .flat_map(|source| source.text.lines())
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'))
        .collect();
    let mut findings = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for source in sources.iter().filter(|source| CODE_FILES.contains(&source.path.as_str())) {
        for token in &source.rust().tokens {
            let code = token.text.trim_matches('"');
            if !token.text.starts_with('"') || !is_code(code) || source.is_test_line(token.line) {
                continue;
            }
            known.push(code.to_owned());
            if !documented.contains(&code) {
                let mend =
                    format!("add a heading \"### `{code}`\" with a sentence and an example to {CATALOGUE}");
                findings.push(source.finding(token.line, format!("`{code}` is documented nowhere"), mend));
            }
        }
    }
    for code in documented.into_iter().filter(|code| !known.iter().any(|known| known == code)) {
        findings.push(Finding {
            path: CATALOGUE.to_owned(),
            line: 1,
            what: format!("`{code}` is documented, and nothing answers with it"),
            mend: "take it out, or look for the code that lost it".to_owned(),
        });
    }
    findings
}

/// async-graphql or one of its parts at another version than the one that answers rightly (docs/decisions/0002).
pub(crate) fn unpinned_graphql(source: &Source) -> Vec<Finding> {
    if source.path != "Cargo.lock" {
        return Vec::new();
    }
    let lines: Vec<&str> = source.text.lines().collect();
    let mend = "cargo update -p NAME --precise 7.0.19; docs/decisions/0002 says what went wrong above it";
    let pairs = lines.windows(2).enumerate().filter(|(_, pair)| {
        pair[0].starts_with("name = \"async-graphql")
            && pair[1].starts_with("version = ")
            && !pair[1].contains("\"7.0.19\"")
    });
    pairs.map(|(line, pair)| source.finding(line + 2, format!("{} {}", pair[0], pair[1]), mend)).collect()
}

/// A paragraph of a document with several sentences on one line, which makes a diff of one word a diff of all.
pub(crate) fn sentences_on_one_line(source: &Source) -> Vec<Finding> {
    if !source.path.ends_with(".md") || source.path.starts_with("api/demo/") {
        return Vec::new();
    }
    let mut in_code = false;
    let mut findings = Vec::new();
    for (line, text) in source.text.lines().enumerate() {
        in_code ^= text.starts_with("```");
        let paragraph =
            text.starts_with(|c: char| c.is_alphabetic() || "`[*_\"(".contains(c)) && !text.starts_with("* ");
        let chars: Vec<char> = text.chars().collect();
        let joined = chars.windows(4).any(|window| {
            (window[0].is_lowercase() || ")`".contains(window[0]))
                && matches!(window[1], '.' | '!' | '?')
                && window[2] == ' '
                && window[3].is_uppercase()
        });
        if paragraph && joined && !in_code {
            findings.push(source.finding(
                line + 1,
                "several sentences on one line",
                "begin each on a line of its own",
            ));
        }
    }
    findings
}

/// A link of a document to a file that is not there.
pub(crate) fn dead_links(source: &Source) -> Vec<Finding> {
    if !source.path.ends_with(".md") {
        return Vec::new();
    }
    let folder = root().join(&source.path).parent().map(Path::to_owned).unwrap_or_default();
    let mut findings = Vec::new();
    for (line, text) in source.text.lines().enumerate() {
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !folder.join(target).exists() {
                let mend = "name the file as it is called, seen from the document's own folder";
                findings.push(source.finding(line + 1, format!("`{target}` is not there"), mend));
            }
        }
    }
    findings
}

/// A setting that no page explains.
pub(crate) fn undocumented_settings(sources: &[Source]) -> Vec<Finding> {
    let page =
        sources.iter().find(|source| source.path == "docs/configuration.md").map_or("", |page| &page.text);
    let mut findings = Vec::new();
    for source in
        sources.iter().filter(|source| source.path.starts_with("api/src/config/") && !source.is_test())
    {
        for token in &source.rust().tokens {
            let name = token.text.trim_matches('"');
            let is_variable = token.text.starts_with("\"GRIDWARD_") && name.len() > "GRIDWARD_".len();
            if is_variable && !source.is_test_line(token.line) && !page.contains(&format!("`{name}")) {
                let mend = "add it to docs/configuration.md, with its default and what it does";
                findings.push(source.finding(token.line, format!("`{name}` is documented nowhere"), mend));
            }
        }
    }
    findings
}

#[cfg(test)]
mod proofs {
    use super::*;
    use crate::tidy::{catches, passes};

    #[test]
    fn a_static_style_in_a_template_is_found() {
        catches(static_styles, "dashboard/src/App.svelte", "<p\n  style=\"color: red\">a</p>");
        passes(
            static_styles,
            "dashboard/src/App.svelte",
            "<p style=\"width: {width}px\" data-style=\"a\">a</p>",
        );
        passes(static_styles, "dashboard/src/App.svelte", "<p style:color={colour}>a</p>");
    }

    #[test]
    fn a_lock_file_of_another_registry_is_found() {
        let other = "  \"resolved\": \"http://mirror.example/svelte.tgz\",";
        catches(registries_in_lock_files, "dashboard/package-lock.json", other);
        catches(registries_in_lock_files, "Cargo.lock", "source = \"git+https://example.com/a\"");
        let public = "  \"resolved\": \"https://registry.npmjs.org/svelte/-/svelte-5.0.0.tgz\",";
        passes(registries_in_lock_files, "dashboard/package-lock.json", public);
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        catches(paths_of_one_machine, "docs/configuration.md", "Put it into /home/anna/gridward.");
        catches(paths_of_one_machine, "Makefile", "DATA=/work/data");
        passes(
            paths_of_one_machine,
            "docs/configuration.md",
            "See ../root/a, https://example.com/home/a and $X/work/b.",
        );
    }

    #[test]
    fn another_version_of_async_graphql_is_found() {
        catches(unpinned_graphql, "Cargo.lock", "name = \"async-graphql-parser\"\nversion = \"7.2.1\"\n");
        passes(unpinned_graphql, "Cargo.lock", "name = \"async-graphql-parser\"\nversion = \"7.0.19\"\n");
    }

    #[test]
    fn several_sentences_on_one_line_are_found() {
        catches(sentences_on_one_line, "README.md", "It runs. It also walks.");
        passes(
            sentences_on_one_line,
            "README.md",
            "It runs.\nIt has 1.1 cm. 2 cm are more.\n| a. B |\n```\na. B\n```\n",
        );
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        catches(dead_links, "docs/words.md", "See [this](nowhere.md#top).");
        passes(
            dead_links,
            "docs/words.md",
            "See [this](errors.md#top), [that](https://example.com/a) and [here](#b).",
        );
    }

    #[test]
    fn a_setting_that_nobody_explains_is_found() {
        let config = Source::new("api/src/config/mod.rs", "const A: &str = \"GRIDWARD_COLOUR\";");
        assert_eq!(undocumented_settings(std::slice::from_ref(&config)).len(), 1);
        let page = Source::new("docs/configuration.md", "| `colour` | `GRIDWARD_COLOUR` | red |");
        assert!(undocumented_settings(&[config, page]).is_empty());
    }

    #[test]
    fn a_code_that_nobody_documents_and_one_that_nothing_answers_are_found() {
        let problem = Source::new("geo-tools/src/problem.rs", "fn f() -> &'static str { \"TOO_LARGE\" }");
        let findings = undocumented_codes(std::slice::from_ref(&problem));
        assert_eq!(findings.len(), 1, "{findings:?}");
        let good = Source::new(CATALOGUE, "### `TOO_LARGE`\n");
        assert!(undocumented_codes(&[problem, good]).is_empty());
        let stale = Source::new(CATALOGUE, "### `OLD_CODE`\n");
        assert_eq!(undocumented_codes(&[stale]).len(), 1);
    }
}
