//! Users whom an identity provider signs in.

use protocol::{
    audit::{AuditAction, AuditVia},
    user::{Identity, Role},
};
use store::{Arrival, AuditFilter, NewUser, Paging, SignInError, Standing, UserChange, WriteUserError};

use crate::fixture::{Fixture, at, new_user};

fn identity(subject: &str) -> Identity {
    Identity { issuer: "https://id.example.com".into(), subject: subject.into() }
}

/// Somebody who is let in as a member.
fn arrival(subject: &str, name: &str) -> Arrival {
    Arrival {
        identity: identity(subject),
        names: domain::naming::offered_user_names(name).take(3).collect(),
        first_role: Some(Role::Member),
        standing: Standing::Keep,
        address: "192.0.2.1".into(),
        now: at(5),
    }
}

/// The newest entries of the audit log, the oldest of them first.
async fn told(f: &Fixture, count: u32) -> Vec<(AuditAction, Option<String>)> {
    let page = f.store.list_audit(&AuditFilter::default(), &Paging::first(count)).await.unwrap();
    assert!(page.items.iter().all(|entry| entry.via == AuditVia::Oidc), "{page:?}");
    page.items.into_iter().rev().map(|entry| (entry.action, entry.detail)).collect()
}

#[tokio::test]
async fn somebody_is_known_by_what_the_provider_calls_them_and_by_nothing_else() {
    let f = Fixture::new().await;
    let local = f.add_user("Ada").await;
    let ada = f.store.sign_in(arrival("1", "ada")).await.unwrap();
    assert_ne!(ada.id, local, "a name opens nothing");
    assert_eq!((ada.name.as_str(), ada.role, &ada.identity), ("ada-2", Role::Member, &Some(identity("1"))));
    assert_eq!(ada.password, None);
    let created = (AuditAction::UserCreated, Some("member".to_owned()));
    assert_eq!(told(&f, 2).await, [created, (AuditAction::LoggedIn, None)]);
    // Again by another name: the same; of another provider: somebody else.
    let again = f.store.sign_in(arrival("1", "lovelace")).await.unwrap();
    assert_eq!(again, f.store.find_user(ada.id).await.unwrap().unwrap());
    assert_eq!((again.id, again.name.as_str()), (ada.id, "ada-2"));
    let mut elsewhere = arrival("1", "ada");
    elsewhere.identity.issuer = "https://id.example.org".into();
    let elsewhere = f.store.sign_in(elsewhere).await.unwrap();
    assert_eq!(elsewhere.name, "ada-3");
    // Where every name is taken, nobody is made and nothing is told.
    let before = f.store.list_audit(&AuditFilter::default(), &Paging::first(1)).await.unwrap().items[0].number;
    assert!(matches!(f.store.sign_in(arrival("2", "ada")).await, Err(SignInError::NoName)));
    assert_eq!(f.store.list_audit(&AuditFilter::default(), &Paging::first(1)).await.unwrap().items[0].number, before);
    let f = f.reopen().await;
    assert_eq!(f.store.sign_in(arrival("1", "ada")).await.unwrap().id, ada.id);
    assert_eq!(f.store.check_audit().await.unwrap().faults, []);
}

#[tokio::test]
async fn whoever_is_not_let_in_is_let_in_by_name_of_their_subject() {
    let f = Fixture::new().await;
    let stranger = || Arrival { first_role: None, ..arrival("1", "ada") };
    assert!(matches!(f.store.sign_in(stranger()).await, Err(SignInError::NotLetIn)));
    let known = NewUser { identity: Some(identity("1")), ..new_user("Countess", Role::Viewer) };
    let known = f.store.create_user(known).await.unwrap();
    assert_eq!(f.store.sign_in(stranger()).await.unwrap(), known);
    // Nobody else can be tied to the same; the owner can be tied to another.
    let second = NewUser { identity: Some(identity("1")), ..new_user("second", Role::Viewer) };
    assert!(matches!(f.store.create_user(second).await, Err(WriteUserError::IdentityTaken)));
    let tie = |subject: &str| vec![UserChange::SetIdentity(Some(identity(subject)))];
    assert!(matches!(f.store.change_user(f.owner, tie("1")).await, Err(WriteUserError::IdentityTaken)));
    f.store.change_user(f.owner, tie("2")).await.unwrap();
    for standing in [Standing::Role(Role::Viewer), Standing::Out] {
        let owner = f.store.sign_in(Arrival { first_role: None, standing, ..arrival("2", "x") }).await.unwrap();
        assert_eq!((owner.id, owner.role), (f.owner, Role::Owner), "nobody takes the owner's role away");
    }
    // Untied, they are a stranger again.
    f.store.change_user(known.id, vec![UserChange::SetIdentity(None)]).await.unwrap();
    assert!(matches!(f.store.sign_in(stranger()).await, Err(SignInError::NotLetIn)));
}

#[tokio::test]
async fn the_role_follows_the_provider_where_it_says_one() {
    let f = Fixture::new().await;
    let with = |role| Arrival { first_role: Some(role), standing: Standing::Role(role), ..arrival("1", "ada") };
    let ada = f.store.sign_in(with(Role::Admin)).await.unwrap();
    assert_eq!(ada.role, Role::Admin);
    let ada = f.store.sign_in(with(Role::Viewer)).await.unwrap();
    assert_eq!(f.store.find_user(ada.id).await.unwrap().unwrap().role, Role::Viewer);
    let changed = (AuditAction::UserChanged, Some("role viewer".to_owned()));
    assert_eq!(told(&f, 2).await, [changed, (AuditAction::LoggedIn, None)]);
    f.store.sign_in(with(Role::Viewer)).await.unwrap();
    assert_eq!(told(&f, 2).await, [(AuditAction::LoggedIn, None), (AuditAction::LoggedIn, None)]);
    let out = Arrival { standing: Standing::Out, ..arrival("1", "ada") };
    assert!(matches!(f.store.sign_in(out).await, Err(SignInError::NotLetIn)));
}

#[tokio::test]
async fn who_was_disabled_or_removed_does_not_come_back_by_themselves() {
    let f = Fixture::new().await;
    let ada = f.store.sign_in(arrival("1", "ada")).await.unwrap().id;
    f.store.change_user(ada, vec![UserChange::Disable(at(6))]).await.unwrap();
    assert!(matches!(f.store.sign_in(arrival("1", "ada")).await, Err(SignInError::Disabled)));
    f.store.change_user(ada, vec![UserChange::MarkDeleting(at(7))]).await.unwrap();
    assert!(matches!(f.store.sign_in(arrival("1", "ada")).await, Err(SignInError::Removed)));
    f.store.remove_user(ada).await.unwrap();
    let f = f.reopen().await;
    assert!(matches!(f.store.sign_in(arrival("1", "ada")).await, Err(SignInError::Removed)));
    f.store.sign_in(arrival("2", "ada")).await.unwrap();
    // An admin who names them lets them in again.
    let again = NewUser { identity: Some(identity("1")), ..new_user("ada again", Role::Member) };
    let again = f.store.create_user(again).await.unwrap();
    assert_eq!(f.store.sign_in(arrival("1", "ada")).await.unwrap(), again);
}
