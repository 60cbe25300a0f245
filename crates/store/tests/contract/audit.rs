use std::path::Path;

use protocol::{
    SessionId,
    audit::{AuditAction, AuditVia},
    user::Role,
};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{AuditFilter, AuditNote, Paging, UserChange};

use crate::fixture::{Fixture, at, creation, new_user, session};

fn note(f: &Fixture, action: AuditAction, target: impl ToString) -> AuditNote {
    AuditNote {
        at: at(3),
        actor: Some(f.owner),
        via: AuditVia::Token,
        key: None,
        address: Some("192.0.2.1".into()),
        action,
        target: Some(target.to_string()),
        detail: None,
    }
}

fn every() -> AuditFilter {
    AuditFilter::default()
}

/// Some entries, as the server makes them.
async fn some(f: &Fixture) {
    let ada = new_user("ada", Role::Member);
    let id = ada.id;
    f.store.audited(note(f, AuditAction::UserCreated, id)).create_user(ada).await.unwrap();
    for number in 0..4 {
        let change = vec![UserChange::Rename(format!("ada{number}"))];
        f.store.audited(note(f, AuditAction::UserChanged, id)).change_user(id, change).await.unwrap();
    }
    f.store.append_audit(note(f, AuditAction::LoggedIn, f.owner)).await.unwrap();
}

/// The database of a store that is closed, past the store.
async fn tamper(data: &Path, queries: &[&str]) {
    let options = SqliteConnectOptions::new().filename(data.join("viva.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for query in queries {
        sqlx::query(AssertSqlSafe((*query).to_owned())).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn what_is_done_is_told_in_its_own_commit() {
    let f = Fixture::new().await;
    some(&f).await;
    // What is refused, and what changes nothing, is not told.
    let taken = new_user("owner", Role::Member);
    f.store.audited(note(&f, AuditAction::UserCreated, taken.id)).create_user(taken).await.unwrap_err();
    let none = protocol::KeyId::generate();
    assert!(!f.store.audited(note(&f, AuditAction::KeyRevoked, none)).revoke_key(f.owner, none).await.unwrap());
    let made = session(f.owner, "one");
    let told = note(&f, AuditAction::SessionCreated, made.id);
    f.store.audited(told).create_session(creation(made)).await.unwrap();
    let page = f.store.list_audit(&every(), &Paging::first(3)).await.unwrap();
    let actions: Vec<AuditAction> = page.items.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [AuditAction::SessionCreated, AuditAction::LoggedIn, AuditAction::UserChanged]);
    assert_eq!((page.items[0].number, page.items[0].actor), (7, Some(f.owner)));
    assert!(page.items[0].target.as_ref().is_some_and(|target| target.parse::<SessionId>().is_ok()));
    let rest = f.store.list_audit(&every(), &Paging { limit: 200, cursor: page.next_cursor }).await.unwrap();
    assert_eq!((rest.items.len(), rest.items[3].action, rest.next_cursor), (4, AuditAction::UserCreated, None));
    assert!(f.store.list_audit(&every(), &Paging { limit: 1, cursor: Some("x1".into()) }).await.is_err());
    let check = f.store.check_audit().await.unwrap();
    assert_eq!((check.entries, check.head.number, check.faults), (7, 7, vec![]));
    assert_eq!(check.head.sha256, page.items[0].sha256);
}

#[tokio::test]
async fn entries_are_found_by_who_what_and_to_what() {
    let f = Fixture::new().await;
    some(&f).await;
    let paging = Paging::first(2);
    let changed = AuditFilter { actor: Some(f.owner), action: Some(AuditAction::UserChanged), target: None };
    let page = f.store.list_audit(&changed, &paging).await.unwrap();
    assert_eq!(page.items.iter().map(|entry| entry.number).collect::<Vec<_>>(), [5, 4]);
    let rest = f.store.list_audit(&changed, &Paging { cursor: page.next_cursor, ..paging.clone() }).await.unwrap();
    assert_eq!(rest.items.iter().map(|entry| entry.number).collect::<Vec<_>>(), [3, 2]);
    let to = AuditFilter { target: Some(f.owner.to_string()), ..every() };
    let found = f.store.list_audit(&to, &paging).await.unwrap().items;
    assert_eq!(found.iter().map(|entry| entry.action).collect::<Vec<_>>(), [AuditAction::LoggedIn]);
    let nobody = AuditFilter { actor: Some(protocol::UserId::generate()), ..every() };
    assert_eq!(f.store.list_audit(&nobody, &paging).await.unwrap().items, []);
}

#[tokio::test]
async fn one_changed_byte_names_its_entry() {
    for (column, value) in [
        ("action", "'user.delete'"),
        ("target", "'usr_0'"),
        ("target", "NULL"),
        ("address", "'192.0.2.2'"),
        ("at", "at + 1"),
        ("via", "'key'"),
        ("detail", "''"),
        ("sha256", "zeroblob(32)"),
        ("actor", "NULL"),
    ] {
        let f = Fixture::new().await;
        some(&f).await;
        assert_eq!(f.store.check_audit().await.unwrap().faults, vec![]);
        f.store.close().await.unwrap();
        let data = f.dir.path().join("data");
        let change = format!("UPDATE audit SET {column} = {value} WHERE number = 3");
        tamper(&data, &["DROP TRIGGER audit_unchanged", &change]).await;
        let f = f.reopen().await;
        let check = f.store.check_audit().await.unwrap();
        assert_eq!(check.faults.first().map(|fault| fault.number), Some(3), "{column}: {check:?}");
    }
}

#[tokio::test]
async fn a_removed_entry_shows_in_the_middle_and_at_the_end() {
    for (number, removed) in [(2, "= 2"), (1, "= 1"), (6, "= 6"), (5, ">= 5")] {
        let f = Fixture::new().await;
        some(&f).await;
        f.store.close().await.unwrap();
        let data = f.dir.path().join("data");
        let query = format!("DELETE FROM audit WHERE number {removed}");
        tamper(&data, &["DROP TRIGGER audit_kept", &query]).await;
        let f = f.reopen().await;
        let check = f.store.check_audit().await.unwrap();
        let first = check.faults.first().map(|fault| (fault.number, fault.message.as_str()));
        assert_eq!(first, Some((number, "this entry is missing")), "{removed}: {check:?}");
    }
}

#[tokio::test]
async fn the_database_itself_keeps_the_log_append_only() {
    let f = Fixture::new().await;
    some(&f).await;
    f.store.close().await.unwrap();
    let options = SqliteConnectOptions::new().filename(f.dir.path().join("data/viva.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for query in [
        "UPDATE audit SET detail = 'x' WHERE number = 1",
        "DELETE FROM audit WHERE number = 6",
        "INSERT INTO audit (number, at, via, action, sha256) VALUES (9, 0, 'token', 'login', zeroblob(32))",
    ] {
        let refused = sqlx::query(query).execute(&mut connection).await.unwrap_err().to_string();
        assert!(refused.contains("audit log"), "{query}: {refused}");
    }
    connection.close().await.unwrap();
}
