//! Districts.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "districts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub code: String,
    pub names: String,
    pub time_zone: String,
    pub exercise: bool,
    pub attribution: Option<String>,
    pub rules_text: String,
    pub plan_version: Option<i32>,
    pub basemap_version: i32,
    pub authorisation_epoch: i64,
    pub household_import: i32,
    pub incident_import: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
