//! The demo's districts: `demo`, a real town with an invented grid, and `demo-cn`, a town that does not exist; both with
//! invented staff and a stream of simulated incidents.
//!
//! Start at [`Services::open_demo`] and [`Services::open_generated_town`]; [`Services::run_demo`] and
//! [`Services::run_generated_town`] keep the incidents coming. Everything in the districts is flagged as exercise.

mod backlog;
mod generated;
mod reports;
mod staff;
mod stream;
mod town;

use std::sync::Arc;

use chrono::TimeDelta;
use domain::district::{District, DistrictCode};
use domain::ids::{DistrictId, PlanVersion};
use domain::plan::Plan;
use domain::rules::Rules;
use domain::staff::User;
use domain::text::LocalTexts;
use domain::viewer::{Role, Viewer};

use super::import::{
    ColumnMap, FileFormat, ImportKind, ImportOptions, ImportOutcome, ImportSource, InvalidColumnMap, Progress,
};
use super::{ServiceError, Services};
use crate::store::plans::Publication;
use crate::store::{Attempt, Outcome, StoreError};

pub use generated::{DemoScale, OpenTown, Tell};

/// The code of the demo district.
pub const DEMO_CODE: &str = "demo";
/// The code of the generated town.
pub const TOWN_CODE: &str = "demo-cn";
const FOOTPRINTS: &[u8] = include_bytes!("../../../demo/town-helsinki/buildings_footprints.geojson.gz");
/// How long a printed sign-in link works.
const LINK_GOOD_FOR: TimeDelta = TimeDelta::days(30);

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// What is embedded is not what it should be.
    #[error("the demo's data is damaged: {0}")]
    Data(&'static str),
    /// The database.
    #[error("the demo's database")]
    Store(#[from] StoreError),
    /// A use case.
    #[error("the demo's district")]
    Service(#[from] ServiceError),
    /// What the generated town brings cannot be written down.
    #[error("the generated town's files")]
    File(#[from] std::io::Error),
    /// There is a generated town of another size.
    #[error("demo-cn is there already and has another size; --data-dir names another folder to make it in")]
    Scale,
    /// A column map that is compiled in.
    #[error("the demo's columns")]
    Columns(#[from] InvalidColumnMap),
}

/// A way to sign in to the demo.
#[derive(Debug)]
pub struct DemoSignIn {
    /// As what.
    pub role: Role,
    /// As whom.
    pub name: String,
    /// With what.
    pub token: super::admin::Token,
}

impl Services {
    /// Makes the demo district where there is none, or what is still missing of it.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn open_demo(&self) -> Result<(), DemoError> {
        let district = match self.store.district_by_code(DEMO_CODE).await? {
            Some(district) => district,
            None => self.make_demo_district().await?,
        };
        let plan = match self.plan_in_force(&district).await? {
            Some(plan) => plan,
            None => self.publish_demo_plan(self.demo_plan(&district)?, None, None).await?,
        };
        // Each step finds what is there already, so that a stop in the middle of the first start is made good by the next.
        if self.store.users(district.id).await?.is_empty() {
            self.import_demo_town().await?;
        }
        self.add_demo_staff(&district, &plan).await?;
        self.add_open_backlog(&self.demo_district(DEMO_CODE).await?, &plan).await
    }

    /// A sign-in for each role in a district of the demo, good for thirty days.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn demo_sign_ins(&self, code: &str) -> Result<Vec<DemoSignIn>, DemoError> {
        let district = self.demo_district(code).await?;
        let users = self.store.users(district.id).await?;
        let mut sign_ins = Vec::new();
        for role in Role::ALL.into_iter().rev() {
            let of_role = users.iter().filter(|user| user.role == role);
            // Offices reach the whole district; heads and workers have a cell each, and the first will do.
            if let Some(user) = of_role.min_by_key(|user| (user.cell.is_some(), user.id)) {
                let token = self.issue_token(user, LINK_GOOD_FOR).await?;
                sign_ins.push(DemoSignIn { role, name: user.name.as_str().to_owned(), token });
            }
        }
        Ok(sign_ins)
    }

    async fn demo_district(&self, code: &str) -> Result<Arc<District>, DemoError> {
        Ok(self.district(&Viewer::public(), code).await?)
    }

    async fn demo_user(&self, district: DistrictId, role: Role) -> Result<User, DemoError> {
        let users = self.store.users(district).await?;
        let user = users.into_iter().filter(|user| user.role == role).min_by_key(|user| user.cell.is_some());
        user.ok_or(DemoError::Data("the demo has no staff"))
    }

    async fn make_demo_district(&self) -> Result<District, DemoError> {
        let names = [("zh", "赫尔辛基中心（演示）"), ("en", "Helsinki centre (demo)")];
        let district = District {
            id: DistrictId(self.ids.next_id()),
            code: DistrictCode::parse(DEMO_CODE).map_err(|_| DemoError::Data("its code"))?,
            names: LocalTexts::new(names).map_err(|_| DemoError::Data("its name"))?,
            time_zone: chrono_tz::Europe::Helsinki,
            exercise: true,
            attribution: Some("© OpenStreetMap contributors".to_owned()),
            plan_version: None,
            basemap_version: 0,
            rules: Arc::new(Rules::default()),
        };
        self.store.insert_district(&district, Rules::DEFAULT_TEXT).await?;
        self.cache.forget_districts().await;
        Ok(district)
    }

    async fn publish_demo_plan(
        &self,
        plan: Plan,
        base: Option<PlanVersion>,
        note: Option<&str>,
    ) -> Result<Arc<Plan>, DemoError> {
        let nearest_within_m = Rules::default().nearest_within_m();
        let publication = Publication { plan: &plan, base, nearest_within_m, note };
        let attempt = Attempt::by_system(self.clock.now());
        match self.store.publish_plan(&publication, &attempt).await? {
            Outcome::Done(_) => {
                self.cache.forget_districts().await;
                Ok(Arc::new(plan))
            }
            _ => Err(DemoError::Data("another plan was published meanwhile")),
        }
    }

    async fn import_demo_town(&self) -> Result<(), DemoError> {
        let homes = ["dwellings=dwellings", "address=street,housenumber"];
        self.import_embedded(ImportKind::Households, reports::BUILDINGS, &homes, "osm_id").await?;
        self.import_embedded(ImportKind::Basemap, reports::ROADS, &["class=highway", "name=name"], "id")
            .await?;
        self.import_embedded(ImportKind::Basemap, FOOTPRINTS, &["kind=kind"], "id").await
    }

    async fn import_embedded(
        &self,
        kind: ImportKind,
        bytes: &'static [u8],
        columns: &[&str],
        id: &str,
    ) -> Result<(), DemoError> {
        let options = ImportOptions {
            columns: ColumnMap::parse(kind, columns.iter().copied())?,
            id: Some(id.to_owned()),
            ..ImportOptions::new(kind, FileFormat::Geojson)
        };
        let source = ImportSource::of_bytes(bytes);
        let report = self.import_as_operator(DEMO_CODE, source, options, &Progress::silent()).await?;
        match report.outcome {
            ImportOutcome::Taken => Ok(()),
            ImportOutcome::Refused => Err(DemoError::Data("the town was refused")),
        }
    }
}
