use store::EndedLogin;

use crate::fixture::{Fixture, at};

#[tokio::test]
async fn the_owner_is_one_and_stays_the_same() {
    let f = Fixture::new().await;
    let again = f.store.ensure_owner(at(5)).await.unwrap();
    assert_eq!((again.id, again.name.as_str(), again.created_at), (f.owner, "owner", at(0)));
    assert_eq!(f.store.find_user(f.owner).await.unwrap(), Some(again));
}

#[tokio::test]
async fn a_new_token_replaces_the_one_of_its_name() {
    let f = Fixture::new().await;
    f.store.set_token_hash(f.owner, "local", [1; 32]).await.unwrap();
    f.store.set_token_hash(f.owner, "laptop", [2; 32]).await.unwrap();
    f.store.set_token_hash(f.owner, "local", [3; 32]).await.unwrap();
    let find = async |hash| f.store.find_user_by_token_hash(hash).await.unwrap().map(|user| user.id);
    assert_eq!(find([1; 32]).await, None);
    assert_eq!(find([2; 32]).await, Some(f.owner));
    assert_eq!(find([3; 32]).await, Some(f.owner));
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
