//! Households that an import has brought and not yet promoted.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "staged_households")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: String,
    pub id: Uuid,
    pub building_id: Option<Uuid>,
    pub address: Option<String>,
    pub search_text: String,
    pub lon_e7: Option<i32>,
    pub lat_e7: Option<i32>,
    pub hilbert: i64,
    pub member_count: Option<i32>,
    pub cell_id: Option<Uuid>,
    pub method: String,
    pub distance_to_border_m: Option<f64>,
    pub plan_version: i32,
    pub registered_at_us: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
