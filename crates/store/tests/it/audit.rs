//! Events: written alone and counted, found again, and forgotten when their time has come.

use jiff::{SignedDuration, Timestamp};
use naru_access::{InRegistry, Maintenance, PrincipalKind, operation as op};
use naru_codes::Cause;
use naru_store::{
    Audit, CountingRow, Event, EventEntry, EventFilter, EventTable, Gatehouse, LoginEvent,
    Recorded, RepositoryEvent, RequestFacts, Spread, Stored, Tally,
};
use uuid::Uuid;

use crate::world::{World, now};

fn minute(number: i64) -> Timestamp {
    now() + SignedDuration::from_mins(number)
}

fn request(id: u128, identity: &str, time: Timestamp) -> RequestFacts {
    RequestFacts {
        time,
        duration_ms: 3,
        correlation_id: Uuid::from_u128(id),
        client_request_id: Some("theirs".to_owned()),
        caller_ip: "192.0.2.7".to_owned(),
        user_agent: "docker/27".to_owned(),
        login_server: "registry".to_owned(),
        identity: identity.to_owned(),
        identity_kind: Some(PrincipalKind::Token),
        credential: "token-password".to_owned(),
    }
}

fn login(place: InRegistry, id: u128, identity: &str, time: Timestamp) -> LoginEvent {
    LoginEvent {
        place,
        request: request(id, identity, time),
        operation: "GET /oauth2/token".to_owned(),
        result: 401,
        reason: Some(Cause::CredentialInvalid),
        detail: Some("why".to_owned()),
        jwt_id: Some("jti".to_owned()),
        repository: Some("team/app".to_owned()),
        action: Some("pull".to_owned()),
        rule: Some("admin".to_owned()),
        tally: Tally::one(time),
    }
}

fn read(place: InRegistry, id: u128, identity: &str, time: Timestamp) -> RepositoryEvent {
    RepositoryEvent {
        place,
        request: request(id, identity, time),
        operation: "Pull".to_owned(),
        result: 404,
        reason: Some(Cause::NameRepositoryUnknown),
        repository: "team/app".to_owned(),
        tag: Some("v1".to_owned()),
        digest: Some("sha256:00".to_owned()),
        media_type: Some("text/plain".to_owned()),
        artifact_type: Some("text/x".to_owned()),
        size: Some(7),
        rule: Some("admin".to_owned()),
        tally: Tally::one(time),
    }
}

const ALL: EventFilter = EventFilter {
    failed: false,
    since: None,
    identity: None,
    caller_ip: None,
    reason: None,
    after: None,
    limit: 1_000,
};

impl World {
    async fn record(&self, event: Event, counting: Option<&CountingRow>) -> Recorded {
        let entry = EventEntry { event, counting: counting.cloned() };
        self.store.record_events(vec![entry]).await.unwrap()[0]
    }

    async fn login_events(&self, filter: EventFilter) -> Vec<Stored<LoginEvent>> {
        let access = self.may::<op::ReadEvents>(self.here);
        self.store.login_events(&access, filter).await.unwrap()
    }

    async fn expire(&self, before: Timestamp, limit: usize) -> usize {
        let maintenance = Maintenance::of_this_process();
        self.store.expire_events(&maintenance, before, limit).await.unwrap()
    }
}

#[tokio::test]
async fn what_is_written_is_read_back_whole() {
    let world = World::new().await;
    let (mut one, other) = (login(world.here, 1, "ci", now()), read(world.here, 2, "ci", now()));
    one.tally = Tally {
        count: 3,
        spread: Spread::Addresses,
        last_time: minute(1),
        last_identity: Some("another".to_owned()),
        last_caller_ip: Some("192.0.2.8".to_owned()),
    };
    let access = world.may::<op::ReadEvents>(world.here);
    for event in [Event::Login(one), Event::Repository(other)] {
        let at = world.record(event.clone(), None).await;
        let found = world.store.event_in(&access, at.table, at.row).await.unwrap();
        assert_eq!(found.as_ref(), Some(&event));
        let id = event.request().correlation_id;
        assert_eq!(world.store.events_between(&access, (id, id), 9).await.unwrap(), [event]);
        let elsewhere = world.may::<op::ReadEvents>(world.there);
        assert_eq!(world.store.event_in(&elsewhere, at.table, at.row).await.unwrap(), None);
    }
    let both = (Uuid::nil(), Uuid::max());
    assert_eq!(world.store.events_between(&access, both, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_row_that_counts_keeps_the_first_and_the_last() {
    let world = World::new().await;
    let row = CountingRow::default();
    let first = world.record(Event::Login(login(world.here, 1, "alice", now())), Some(&row)).await;
    let mut second = login(world.here, 2, "bob", minute(1));
    second.tally.last_identity = Some("bob".to_owned());
    let next = world.record(Event::Login(second), Some(&row)).await;
    assert_eq!((first.ordinal, next.ordinal, next.row), (1, 2, first.row));
    let events = world.login_events(ALL).await;
    let [Stored { event, .. }] = &events[..] else { panic!("one row: {events:?}") };
    assert_eq!((event.request.identity.as_str(), event.request.time), ("alice", now()));
    assert_eq!((event.tally.count, event.tally.last_time), (2, minute(1)));
    assert_eq!(event.tally.last_identity.as_deref(), Some("bob"));
}

#[tokio::test]
async fn a_row_that_is_gone_is_made_anew_and_no_other_row_takes_its_counts() {
    let world = World::new().await;
    let row = CountingRow::default();
    world.record(Event::Login(login(world.here, 1, "alice", now())), Some(&row)).await;
    assert_eq!(world.expire(minute(1), 9).await, 1);
    let other = world.record(Event::Login(login(world.here, 2, "bob", now())), None).await;
    let again = world.record(Event::Login(login(world.here, 3, "alice", now())), Some(&row)).await;
    assert_eq!((again.ordinal, again.row), (1, other.row + 1), "numbers never come again");
    let counts: Vec<_> =
        world.login_events(ALL).await.iter().map(|s| s.event.tally.count).collect();
    assert_eq!(counts, [1, 1]);
}

#[tokio::test]
async fn filters_pick_and_the_latest_come_first() {
    let world = World::new().await;
    for (id, identity, at) in [(1, "alice", 0), (2, "Bob", 10), (3, "alice", 20)] {
        let mut event = login(world.here, id, identity, minute(at));
        if id == 3 {
            (event.result, event.reason) = (200, None);
            event.request.caller_ip = "2001:db8::1".to_owned();
        }
        world.record(Event::Login(event), None).await;
    }
    world.record(Event::Login(login(world.there, 4, "alice", now())), None).await;
    let ids = |filter: EventFilter| async {
        let events = world.login_events(filter).await;
        events.iter().map(|s| s.event.request.correlation_id.as_u128()).collect::<Vec<_>>()
    };
    assert_eq!(ids(ALL).await, [3, 2, 1]);
    assert_eq!(ids(EventFilter { limit: 1, ..ALL }).await, [3]);
    assert_eq!(ids(EventFilter { failed: true, ..ALL }).await, [2, 1]);
    assert_eq!(ids(EventFilter { since: Some(minute(10)), ..ALL }).await, [3, 2]);
    assert_eq!(ids(EventFilter { identity: Some("bob".to_owned()), ..ALL }).await, [2]);
    assert_eq!(ids(EventFilter { caller_ip: Some("2001:db8::1".to_owned()), ..ALL }).await, [3]);
    assert_eq!(ids(EventFilter { reason: Some(Cause::CredentialInvalid), ..ALL }).await, [2, 1]);
    assert_eq!(ids(EventFilter { reason: Some(Cause::CredentialRevoked), ..ALL }).await, []);
    assert_eq!(ids(EventFilter { after: Some(0), limit: 2, ..ALL }).await, [1, 2]);
    let second = world.login_events(EventFilter { after: Some(0), ..ALL }).await[1].row;
    assert_eq!(ids(EventFilter { after: Some(second), ..ALL }).await, [3]);
}

/// A row that began before a time and counted on after it is among those since then.
#[tokio::test]
async fn a_row_that_counts_is_found_by_its_last_too() {
    let world = World::new().await;
    let mut event = login(world.here, 1, "alice", minute(0));
    event.tally.last_time = minute(4);
    world.record(Event::Login(event), None).await;
    let since = |at| EventFilter { since: Some(minute(at)), ..ALL };
    assert_eq!(world.login_events(since(3)).await.len(), 1);
    assert_eq!(world.login_events(since(5)).await.len(), 0);
}

#[tokio::test]
async fn the_oldest_are_forgotten_so_many_at_a_time() {
    let world = World::new().await;
    for at in 0..10 {
        world.record(Event::Login(login(world.here, 1, "alice", minute(at))), None).await;
        world.record(Event::Repository(read(world.there, 2, "alice", minute(at))), None).await;
    }
    assert_eq!(world.expire(minute(5), 3).await, 6);
    assert_eq!(world.expire(minute(5), 3).await, 4);
    assert_eq!(world.expire(minute(5), 3).await, 0);
    let left = world.login_events(ALL).await;
    assert_eq!((left.len(), left[4].event.request.time), (5, minute(5)));
    assert_eq!(EventTable::ALL.len(), 2);
}
