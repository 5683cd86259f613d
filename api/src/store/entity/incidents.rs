//! Incidents.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "incidents")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub category: String,
    pub colour: String,
    pub text: String,
    pub search_text: String,
    pub stage: String,
    pub channel: String,
    pub lon_e7: i32,
    pub lat_e7: i32,
    pub hilbert: i64,
    pub accuracy_m: Option<f64>,
    pub cell_id: Option<Uuid>,
    pub method: String,
    pub distance_to_border_m: Option<f64>,
    pub plan_version: i32,
    pub public: bool,
    pub exercise: bool,
    pub occurred_at_us: i64,
    pub reported_at_us: i64,
    pub due_at_us: i64,
    pub closed_at_us: Option<i64>,
    pub reporter_id: Option<Uuid>,
    pub since_import: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
