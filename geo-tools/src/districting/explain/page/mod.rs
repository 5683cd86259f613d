//! An explanation as one page that opens anywhere, without a connection: a map, what is wrong, and the same as a table.
//!
//! Everything is in the file: shapes as inline SVG, figures as JSON that the page's own script reads, sentences in both
//! languages of which one is shown. `map` draws on the `grid`, `sections` writes what can be read without a script, `figures` what the
//! script shows of a cell. The page forbids itself every connection by its content security policy.
//!
//! Invariant: names out of files pass through [`escaped`] or [`in_script`]; the script only ever sets text with them.

mod figures;
mod grid;
mod map;
mod sections;

use std::io::{self, Write};

use crate::Coverage;
use crate::districting::explain::{Explanation, Language, Subject};

/// A plan to be shown as a page.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What is said of it.
    pub explanation: &'a Explanation,
    /// The plan.
    pub subject: Subject<'a>,
    /// The ground of the units: the i-th leaf is the i-th unit.
    pub coverage: &'a Coverage,
    /// The language in which it opens.
    pub language: Language,
}

/// Writes a plan as a page.
///
/// # Errors
/// What keeps the page from being written.
pub fn write_page(out: &mut dyn Write, page: &Page<'_>) -> io::Result<()> {
    let title = label(["网格方案说明", "The plan explained"]);
    writeln!(
        out,
        r#"<!doctype html>
<html lang="{}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>网格方案说明 · The plan explained</title>
<style>
{}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<div class="languages" role="group" aria-label="语言 Language">
<button type="button" data-language="zh-CN">中文</button><button type="button" data-language="en">English</button>
</div>
</header>
<main>"#,
        page.language.tag(),
        include_str!("page.css"),
    )?;
    sections::write_figures(out, page.explanation)?;
    writeln!(out, r#"<div class="stage">"#)?;
    map::write_map(out, page)?;
    sections::write_panel(out)?;
    map::write_legend(out, page)?;
    writeln!(out, "</div>\n<div class=\"pair\">")?;
    sections::write_histogram(out, page.explanation)?;
    sections::write_misses(out, page.explanation)?;
    writeln!(out, "</div>")?;
    sections::write_lineage(out, page.explanation)?;
    sections::write_table(out, page.explanation)?;
    let figures = in_script(&figures::figures(page));
    let script = include_str!("page.js");
    writeln!(
        out,
        "</main>\n<script type=\"application/json\" id=\"figures\">{figures}</script>\n<script>\n{script}</script>\n</body>\n</html>"
    )
}

/// Text that stands as text wherever markup is read.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// JSON that cannot end the script element it stands in: `<` only occurs in its texts, where it can be written otherwise.
fn in_script(json: &serde_json::Value) -> String {
    json.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// The same in both languages; the page shows one.
fn both(say: impl Fn(Language) -> String) -> String {
    let said = Language::ALL
        .map(|language| format!(r#"<span lang="{}">{}</span>"#, language.tag(), escaped(&say(language))));
    said.concat()
}

/// Fixed words, Chinese first.
fn label([chinese, english]: [&str; 2]) -> String {
    both(|language| match language {
        Language::Chinese => chinese.to_owned(),
        Language::English => english.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_stays_text() {
        assert_eq!(escaped("</b> & \"'"), "&lt;/b&gt; &amp; &quot;&#39;");
        let hidden = serde_json::json!({ "name": "</script><script>alert(1)</script> &amp; <!--" });
        let written = in_script(&hidden);
        assert!(!written.contains(['<', '>', '&']), "{written}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).expect("JSON"), hidden);
    }
}
