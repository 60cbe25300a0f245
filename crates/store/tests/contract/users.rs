use std::collections::HashMap;

use domain::permission::Scopes;
use protocol::{
    KeyId, SessionTokenId, UserId,
    user::{Role, Scope},
};
use store::{
    EndedLogin, NewKey, NewSessionToken, PasswordHash, RemoveUserError, Used, UserChange, WriteKeyError, WriteUserError,
};

use crate::fixture::{Fixture, at, new_user};

#[tokio::test]
async fn the_owner_is_one_and_stays_the_same() {
    let f = Fixture::new().await;
    let again = f.store.ensure_owner(at(5)).await.unwrap();
    assert_eq!((again.id, again.name.as_str(), again.role), (f.owner, "owner", Role::Owner));
    assert_eq!(again.created_at, at(0));
    assert_eq!(f.store.find_user(f.owner).await.unwrap(), Some(again));
    // By another name they are the owner still; nobody else becomes one.
    let renamed = f.store.change_user(f.owner, vec![UserChange::Rename("Ada".into())]).await.unwrap();
    assert_eq!(f.store.ensure_owner(at(6)).await.unwrap(), renamed);
    assert!(f.store.create_user(new_user("second", Role::Owner)).await.is_err());
    f.store.remove_user(f.owner).await.unwrap();
    assert_eq!(f.store.find_user(f.owner).await.unwrap(), Some(renamed));
}

#[tokio::test]
async fn a_new_token_replaces_the_one_of_its_name() {
    let f = Fixture::new().await;
    f.store.set_token_hash(f.owner, "local", [1; 32]).await.unwrap();
    f.store.set_token_hash(f.owner, "laptop", [2; 32]).await.unwrap();
    f.store.set_token_hash(f.owner, "local", [3; 32]).await.unwrap();
    let hashes: HashMap<[u8; 32], UserId> = f.store.list_token_hashes().await.unwrap().into_iter().collect();
    assert_eq!(hashes, HashMap::from([([2; 32], f.owner), ([3; 32], f.owner)]));
}

#[tokio::test]
async fn an_ended_login_is_kept_until_it_would_have_expired() {
    let f = Fixture::new().await;
    let (short, long) =
        (EndedLogin { id: [1; 16], expires_at: at(10) }, EndedLogin { id: [2; 16], expires_at: at(20) });
    for login in [short, long, short] {
        f.store.end_login(login, at(1)).await.unwrap();
    }
    let f = f.reopen().await;
    assert_eq!(f.store.list_ended_logins(at(1)).await.unwrap(), [short, long]);
    assert_eq!(f.store.list_ended_logins(at(10)).await.unwrap(), [long]);
    let other = EndedLogin { id: [3; 16], expires_at: at(30) };
    f.store.end_login(other, at(15)).await.unwrap();
    assert_eq!(f.store.list_ended_logins(at(0)).await.unwrap(), [long, other]);
}

#[tokio::test]
async fn a_user_is_added_changed_and_found_as_stored() {
    let f = Fixture::new().await;
    let ada = f.add_user("Ada").await;
    let taken = f.store.create_user(new_user("ADA", Role::Viewer)).await;
    assert!(matches!(taken, Err(WriteUserError::NameTaken)), "{taken:?}");
    let password = PasswordHash("$argon2id$…".into());
    let changes = vec![
        UserChange::Rename("Lin".into()),
        UserChange::SetRole(Role::Admin),
        UserChange::SetPassword(Some(password.clone())),
        UserChange::Disable(at(7)),
    ];
    let changed = f.store.change_user(ada, changes).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.role, changed.logins), ("Lin", Role::Admin, 2));
    assert_eq!((changed.disabled_at, changed.password.as_ref()), (Some(at(7)), Some(&password)));
    assert!(!format!("{changed:?}").contains("argon2"), "the hash is never printed");
    let f = f.reopen().await;
    assert_eq!(f.store.find_user(ada).await.unwrap(), Some(changed));
    let enabled = f.store.change_user(ada, vec![UserChange::Enable]).await.unwrap();
    assert_eq!((enabled.disabled_at, enabled.logins), (None, 2));
    let to_taken =
        f.store.change_user(ada, vec![UserChange::SetRole(Role::Viewer), UserChange::Rename("Owner".into())]);
    assert!(matches!(to_taken.await, Err(WriteUserError::NameTaken)));
    assert_eq!(f.store.find_user(ada).await.unwrap().unwrap().role, Role::Admin, "all of a change or nothing");
    let nobody = f.store.change_user(UserId::generate(), vec![UserChange::Enable]).await;
    assert!(matches!(nobody, Err(WriteUserError::NotFound)));
    let names: Vec<String> = f.store.list_users().await.unwrap().into_iter().map(|user| user.name).collect();
    assert_eq!(names, ["Lin", "owner"]);
}

#[tokio::test]
async fn a_user_with_things_stays_until_they_are_gone() {
    let f = Fixture::new().await;
    let ada = f.add_user("Ada").await;
    let session = f.store.create_session(crate::fixture::creation(crate::fixture::session(ada, "one"))).await.unwrap();
    let store::Created::New(session) = session else { panic!("no key was given") };
    assert_eq!(f.store.list_owned(ada).await.unwrap().sessions, [session.id]);
    assert!(matches!(f.store.remove_user(ada).await, Err(RemoveUserError::HasThings)));
    let marked = f.store.change_user(ada, vec![UserChange::MarkDeleting(at(3))]).await.unwrap();
    assert_eq!((marked.deleting_at, marked.disabled_at), (Some(at(3)), Some(at(3))));
    // Who is being removed is not changed any more.
    assert!(matches!(f.store.change_user(ada, vec![UserChange::Enable]).await, Err(WriteUserError::NotFound)));
    f.mark_deleting(session.id).await;
    f.store.erase_session_rows(session.id).await.unwrap();
    assert!(f.store.list_owned(ada).await.unwrap().is_empty());
    f.store.remove_user(ada).await.unwrap();
    f.store.remove_user(ada).await.unwrap();
    assert_eq!(f.store.find_user(ada).await.unwrap(), None);
}

fn key(user: UserId, name: &str, sha256: u8) -> NewKey {
    let scopes = Scopes::new([Scope::Read]);
    NewKey {
        id: KeyId::generate(),
        user,
        name: name.into(),
        sha256: [sha256; 32],
        scopes,
        expires_at: None,
        now: at(1),
    }
}

#[tokio::test]
async fn keys_are_kept_as_hashes_and_go_with_their_user() {
    let f = Fixture::new().await;
    let ada = f.add_user("Ada").await;
    let (first, second) = (key(ada, "ci", 1), NewKey { expires_at: Some(at(9)), ..key(f.owner, "ci", 2) });
    f.store.create_key(first.clone()).await.unwrap();
    f.store.create_key(second.clone()).await.unwrap();
    assert!(matches!(f.store.create_key(key(ada, "ci", 3)).await, Err(WriteKeyError::NameTaken)));
    let nobody = f.store.create_key(key(UserId::generate(), "ci", 3)).await;
    assert!(matches!(nobody, Err(WriteKeyError::OwnerGone)), "{nobody:?}");
    f.store.note_used(vec![Used::Key(first.id, at(50)), Used::Key(first.id, at(40))]).await.unwrap();
    let kept = f.store.list_keys(Some(ada)).await.unwrap();
    assert_eq!((kept.len(), kept[0].sha256, kept[0].last_used_at), (1, [1; 32], Some(at(50))));
    assert_eq!(kept[0].scopes.list(), [Scope::Read]);
    assert_eq!(f.store.list_keys(None).await.unwrap()[0].expires_at, Some(at(9)));
    assert!(!f.store.revoke_key(f.owner, first.id).await.unwrap(), "another's key is not there");
    assert!(f.store.revoke_key(f.owner, second.id).await.unwrap());
    f.store.remove_user(ada).await.unwrap();
    assert_eq!(f.store.list_keys(None).await.unwrap(), []);
}

#[tokio::test]
async fn named_tokens_of_a_session_go_one_by_one_and_with_it() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let token = |name: &str, sha256: u8| NewSessionToken {
        id: SessionTokenId::generate(),
        session,
        name: name.into(),
        sha256: [sha256; 32],
        now: at(1),
    };
    let (one, two) = (token("ci", 1), token("notebook", 2));
    f.store.create_session_token(one.clone()).await.unwrap();
    f.store.create_session_token(two.clone()).await.unwrap();
    assert!(matches!(f.store.create_session_token(token("ci", 3)).await, Err(WriteKeyError::NameTaken)));
    f.store.note_used(vec![Used::SessionToken(two.id, at(30))]).await.unwrap();
    let kept = f.store.list_session_tokens(Some(session)).await.unwrap();
    let names: Vec<&str> = kept.iter().map(|kept| kept.token.name.as_str()).collect();
    assert_eq!((names, kept[0].token.last_used_at), (vec!["notebook", "ci"], Some(at(30))));
    assert!(f.store.revoke_session_token(session, one.id).await.unwrap());
    assert!(!f.store.revoke_session_token(session, one.id).await.unwrap());
    f.mark_deleting(session).await;
    f.store.erase_session_rows(session).await.unwrap();
    assert_eq!(f.store.list_session_tokens(None).await.unwrap(), []);
}
