//! The rules of the architecture as tests. Each failure names the file, the line and the mend.
//!
//! A rule is a function from a file to its findings; the rules stand in `tidy/`, each beside the proof that it can fail.
//!
//! Invariant: a rule has no list of files that may break it for now. Where the tree and a rule disagree, one of the two is
//! wrong.

#[cfg(test)]
mod tidy {
    pub(crate) mod absence;
    pub(crate) mod arrows;
    pub(crate) mod shape;
    pub(crate) mod signatures;
    pub(crate) mod source;
    pub(crate) mod text;

    use source::{Finding, Source};

    /// A rule over one file.
    pub(crate) type Rule = fn(&Source) -> Vec<Finding>;

    /// Asserts that a rule speaks up about a small bad file.
    pub(crate) fn catches(rule: Rule, path: &str, text: &str) {
        let findings = rule(&Source::new(path, text));
        assert!(!findings.is_empty(), "the rule let this pass: {path}\n{text}");
        assert!(findings.iter().all(|finding| finding.line >= 1 && !finding.mend.is_empty()), "{findings:?}");
    }

    /// Asserts that a rule has nothing to say about a small good file.
    pub(crate) fn passes(rule: Rule, path: &str, text: &str) {
        let findings = rule(&Source::new(path, text));
        assert!(findings.is_empty(), "{path}\n{text}\n{findings:?}");
    }

    /// Fails with every finding.
    pub(crate) fn report(findings: &[Finding]) {
        let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(findings.is_empty(), "\n{}\n{} finding(s)\n", lines.join("\n"), findings.len());
    }
}

use tidy::{Rule, absence, arrows, report, shape, signatures, source, text};

/// Runs a rule over every file.
fn hold(rule: Rule) {
    report(&source::repository().iter().flat_map(rule).collect::<Vec<_>>());
}

#[test]
fn crates_depend_only_downwards() {
    report(&arrows::crates(&arrows::cargo_metadata()));
}

#[test]
fn manifests_ask_for_nothing_that_is_not_used() {
    report(&arrows::unused_dependencies(&source::repository()));
}

#[test]
fn layers_of_api_name_only_what_is_below_them() {
    hold(arrows::layers);
}

#[test]
fn libraries_clock_and_chance_stay_in_their_place() {
    hold(absence::fenced_names);
}

#[test]
fn pure_crates_never_wait() {
    hold(absence::async_in_pure_crates);
}

#[test]
fn nothing_unwraps_outside_tests() {
    hold(absence::unwrap_outside_tests);
}

#[test]
fn no_lint_is_hidden_for_ever() {
    hold(absence::allowed_lints);
}

#[test]
fn no_transaction_on_the_writer_begins_deferred() {
    hold(absence::deferred_transactions);
}

#[test]
fn outward_errors_are_made_in_one_place() {
    hold(absence::errors_made_elsewhere);
}

#[test]
fn a_table_is_never_an_answer() {
    hold(absence::entities_that_are_answers);
}

#[test]
fn public_signatures_have_no_bare_pair_and_no_boolean() {
    hold(signatures::bare_pairs_and_booleans);
}

#[test]
fn what_measures_carries_its_unit() {
    hold(signatures::names_without_unit);
}

#[test]
fn a_failing_field_leaves_its_siblings() {
    hold(signatures::resolvers_that_void_their_parent);
}

#[test]
fn resolvers_and_use_cases_stay_thin() {
    hold(signatures::long_functions);
}

#[test]
fn no_static_holds_state() {
    hold(signatures::statics_with_state);
}

#[test]
fn every_use_case_says_who_asks() {
    hold(signatures::use_cases_without_viewer);
}

#[test]
fn a_trait_has_more_than_one_implementation() {
    report(&signatures::traits_with_one_implementation(&source::repository()));
}

#[test]
fn files_stay_readable() {
    hold(shape::file_sizes);
}

#[test]
fn a_module_is_named_after_what_it_holds() {
    hold(shape::vague_modules);
}

#[test]
fn a_slice_has_the_same_noun_in_every_layer() {
    let sources = source::repository();
    report(&[shape::missing_layers(&sources), shape::unknown_nouns(&sources)].concat());
}

#[test]
fn templates_hold_no_static_style() {
    hold(text::static_styles);
}

#[test]
fn lock_files_name_the_public_registries() {
    hold(text::registries_in_lock_files);
}

#[test]
fn no_text_names_a_path_of_one_machine() {
    hold(text::paths_of_one_machine);
}

#[test]
fn every_code_that_leaves_the_product_is_documented() {
    report(&text::undocumented_codes(&source::repository()));
}

#[test]
fn every_setting_is_explained() {
    report(&text::undocumented_settings(&source::repository()));
}

#[test]
fn documents_begin_each_sentence_on_a_line_of_its_own() {
    hold(text::sentences_on_one_line);
}

#[test]
fn async_graphql_stays_at_the_version_that_answers_rightly() {
    hold(text::unpinned_graphql);
}

#[test]
fn links_of_documents_lead_somewhere() {
    hold(text::dead_links);
}
