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
