//! Borders, each from one plan version until another.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "borders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub district_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub since_version: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub until_version: Option<i32>,
    pub left_cell_id: Option<Uuid>,
    pub right_cell_id: Option<Uuid>,
    pub line: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
