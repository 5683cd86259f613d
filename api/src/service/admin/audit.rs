//! The audit chain of every district, computed again.

use domain::district::District;
use serde_json::{Value, json};

use super::{AdminAnswer, AdminError, done};
use crate::service::Services;
use crate::store::audit::AuditChain;

/// What was found of one district's chain.
pub(super) struct AuditFinding {
    pub(super) whole: bool,
    pub(super) finding: String,
}

impl Services {
    /// Computes the chains again, of one district or of all; refused where one is broken.
    pub(super) async fn verify_audit(&self, code: Option<&str>) -> Result<AdminAnswer, AdminError> {
        let districts = match code {
            Some(code) => vec![self.district_for_admin(code).await?],
            None => self.store.districts().await?,
        };
        let mut lines = Vec::new();
        let mut detail = Vec::new();
        let mut broken = 0;
        for district in &districts {
            let AuditFinding { whole, finding } = self.audit_finding(district).await;
            broken += u32::from(!whole);
            lines.push(format!("{}: {finding}", district.code.as_str()));
            detail.push(json!({ "district": district.code.as_str(), "whole": whole, "finding": finding }));
        }
        if districts.is_empty() {
            lines.push("there is no district yet".to_owned());
        }
        let (message, detail) = (lines.join("\n"), Value::Array(detail));
        Ok(if broken == 0 { done(message, detail) } else { AdminAnswer::Refused { message, detail } })
    }

    pub(super) async fn audit_finding(&self, district: &District) -> AuditFinding {
        match self.store.verify_audit(district.id).await {
            Ok(AuditChain::Whole { rows, head }) => {
                let head: String = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                AuditFinding {
                    whole: true,
                    finding: format!("{rows} rows, each as it was written; the last seal begins with {head}"),
                }
            }
            Ok(AuditChain::BrokenAt { number }) => AuditFinding {
                whole: false,
                finding: format!("broken at row {number}: it is missing, too many, or not as it was written"),
            },
            Err(error) => AuditFinding { whole: false, finding: format!("it cannot be read: {error}") },
        }
    }
}
