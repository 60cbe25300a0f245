//! Who may do what, each role with each action, each scope with each action.

use domain::permission::{Action, Denied, Grant, Scopes, may, may_administer};
use protocol::user::{Role, Scope};

/// The columns of the table: a letter where the role may.
const ACTIONS: [Action; 7] = Action::ALL;

#[test]
fn each_role_may_what_its_row_says() {
    // Read, Change, Infer, Credentials, Catalog, Oversee, Administer.
    let table = [
        (Role::Owner, [true, true, true, true, true, true, true]),
        (Role::Admin, [true, true, true, true, true, true, true]),
        (Role::Member, [true, true, true, true, false, false, false]),
        (Role::Viewer, [true, false, false, true, false, false, false]),
    ];
    assert_eq!(table.map(|(role, _)| role), Role::ALL);
    for (role, row) in table {
        for (action, allowed) in ACTIONS.into_iter().zip(row) {
            let verdict = may(role, Grant::Whole, action);
            assert_eq!(verdict, if allowed { Ok(()) } else { Err(Denied::Role(role)) }, "{role:?} {action:?}");
        }
    }
}

#[test]
fn a_key_may_what_its_scopes_say_and_never_more_than_its_user() {
    let table = [
        (vec![Scope::Read], [true, false, false, false, false, false, false]),
        (vec![Scope::Infer], [false, false, true, false, false, false, false]),
        (vec![Scope::Manage], [true, true, false, false, false, false, false]),
        (vec![Scope::Admin], [false, false, false, false, true, true, true]),
        (Scope::ALL.to_vec(), [true, true, true, false, true, true, true]),
        (vec![], [false; 7]),
    ];
    for (scopes, row) in table {
        let grant = Grant::Key(Scopes::new(scopes.iter().copied()));
        for (action, allowed) in ACTIONS.into_iter().zip(row) {
            assert_eq!(may(Role::Owner, grant, action).is_ok(), allowed, "{scopes:?} {action:?}");
            for role in Role::ALL {
                let both = allowed && may(role, Grant::Whole, action).is_ok();
                assert_eq!(may(role, grant, action).is_ok(), both, "{role:?} {scopes:?} {action:?}");
            }
        }
    }
}

#[test]
fn nobody_touches_the_owner_and_admins_are_the_owners_matter() {
    for actor in Role::ALL {
        for of in Role::ALL {
            let allowed = match actor {
                Role::Owner => of != Role::Owner,
                Role::Admin => matches!(of, Role::Member | Role::Viewer),
                Role::Member | Role::Viewer => false,
            };
            assert_eq!(may_administer(actor, of).is_ok(), allowed, "{actor:?} {of:?}");
        }
    }
}

#[test]
fn scopes_are_listed_once_and_in_order() {
    let scopes = Scopes::new([Scope::Manage, Scope::Read, Scope::Manage]);
    assert_eq!(scopes.list(), [Scope::Read, Scope::Manage]);
    assert!(Scopes::default().is_empty() && !scopes.is_empty());
}
