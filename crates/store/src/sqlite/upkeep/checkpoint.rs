//! Where a verification is, kept with what it found, so that neither is there without the other.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::session::Session;
use crate::error::StoreError;
use crate::record::{Checkpoint, Fault};

pub(super) fn read(session: &Session<'_>) -> Result<Option<(Checkpoint, Vec<Fault>)>, StoreError> {
    let text = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let Some(state) = session.row("SELECT state FROM verification", (), text)? else {
        return Ok(None);
    };
    let faults = session.rows("SELECT fault FROM verification_fault ORDER BY id", (), text)?;
    let faults = faults.iter().map(|fault| parse(fault)).collect::<Result<_, _>>()?;
    Ok(Some((parse(&state)?, faults)))
}

pub(super) fn keep(
    session: &Session<'_>,
    checkpoint: &Checkpoint,
    found: &[Fault],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO verification (id, state) VALUES (1, ?1) \
               ON CONFLICT DO UPDATE SET state = excluded.state";
    session.execute(sql, (write(checkpoint)?,))?;
    for fault in found {
        let sql = "INSERT INTO verification_fault (fault) VALUES (?1)";
        session.execute(sql, (write(fault)?,))?;
    }
    Ok(())
}

pub(super) fn forget(session: &Session<'_>) -> Result<(), StoreError> {
    session.execute("DELETE FROM verification", ())?;
    session.execute("DELETE FROM verification_fault", ()).map(drop)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Damaged(format!("the state of a verification: {error}")))
}

fn write(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unavailable(error.to_string()))
}
