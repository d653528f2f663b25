//! Who has a place, and who gives it.

use super::*;

fn places(connections: usize, per_address: usize) -> Arc<Places> {
    let limits = Limits { connections, connections_per_address: per_address, ..Limits::default() };
    Places::new(&limits)
}

fn at(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// A connection of an address, as it was accepted.
fn connect(places: &Arc<Places>, address: Option<IpAddr>) -> (Place, Doing) {
    let doing = Doing::new();
    (places.take(address, doing.clone()).unwrap(), doing)
}

/// Which of some connections would give its place to a newcomer, after such a time.
fn gives(
    places: &Arc<Places>,
    from: Option<IpAddr>,
    those: &[(Place, Doing)],
    after: Duration,
) -> Option<usize> {
    let (newcomer, _) = connect(places, from);
    let taken = places.taken();
    taken.who_gives(&newcomer, places.still, Instant::now() + after)?.leave();
    drop(taken);
    let asked = those.iter().position(|(_, doing)| doing.is_asked_to_leave());
    Some(asked.expect("one of those"))
}

#[test]
fn a_place_is_free_again_and_nothing_is_remembered_of_who_had_it() {
    let places = places(10, 2);
    let take = |address| places.take(address, Doing::new());
    let (one, two) = (take(Some(at(1))).unwrap(), take(Some(at(1))).unwrap());
    assert!(take(Some(at(1))).is_none(), "a third of one address");
    assert!(take(Some(at(2))).is_some());
    assert!(take(None).is_some());
    let network = |last: u16| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]));
    let six = (take(network(1)), take(network(2)));
    assert!(take(network(3)).is_none(), "a third of one network");
    drop((one, six));
    let again = take(Some(at(1))).unwrap();
    drop((two, again));
    assert!(places.taken().by_address.is_empty());
}

#[test]
fn the_log_is_told_of_all_who_found_no_place_but_not_of_each() {
    let places = places(1, 1);
    let second = |second| Timestamp::from_second(second).unwrap();
    let told: Vec<_> = [0, 0, 9, 10, 11, 30].map(|at| places.turn_away(second(at))).into();
    assert_eq!(told, [Some(1), None, None, Some(3), None, Some(2)]);
}

#[tokio::test]
async fn in_total_there_are_as_many_as_was_said() {
    let places = places(1, 2);
    let now = || Timestamp::UNIX_EPOCH;
    let (one, does) = connect(&places, Some(at(1)));
    let (permit, told) = places.enter(&one, now).await.unwrap();
    assert_eq!((places.total.available_permits(), told), (0, None));
    // It is asked to leave, and until it has, the newcomer waits.
    let (two, _) = connect(&places, Some(at(2)));
    let leaving = async {
        does.leaves().await;
        drop((one, permit));
    };
    let (entered, ()) = tokio::join!(places.enter(&two, now), leaving);
    assert_eq!(entered.unwrap().1, Some(1), "the log is told of it");
}

#[test]
fn the_longest_idle_one_of_the_address_that_holds_most_gives_its_place() {
    let places = places(10, 10);
    let mut those: Vec<_> = [1, 2, 2, 2, 3, 3].map(|last| connect(&places, Some(at(last)))).into();
    let gives = |from, those: &[_]| gives(&places, Some(at(from)), those, Duration::ZERO);
    let request = those[1].1.begin();
    assert_eq!(gives(4, &those), Some(2), "the first is at work");
    those.remove(2);
    drop(request);
    those[1].1.moved(Instant::now() + Duration::from_secs(1));
    assert_eq!(gives(2, &those), Some(2), "of its own; one has just ended");
    those.remove(2);
    assert_eq!(gives(4, &those), Some(2), "now another holds most");
}

#[test]
fn who_stands_still_gives_its_place_after_the_idle_ones_and_who_is_at_work_never() {
    let places = places(10, 10);
    let those = [1, 1, 1, 2].map(|last| connect(&places, Some(at(last))));
    let requests = [0, 1, 2].map(|number| those[number].1.begin());
    let waits = [0, 1].map(|number| those[number].1.wait());
    those[1].1.moved(Instant::now() + places.still);
    let gives = |those: &[_]| gives(&places, Some(at(3)), those, places.still);
    assert_eq!(gives(&those), Some(3), "an idle one, of whomever");
    assert_eq!(gives(&those[..3]), Some(0));
    let (newcomer, _) = connect(&places, Some(at(3)));
    let soon = Instant::now() + places.still;
    assert!(places.taken().who_gives(&newcomer, places.still, soon).is_none(), "it moved lately");
    drop((waits, requests));
}

#[test]
fn nobody_gives_way_to_an_address_that_holds_more() {
    let places = places(10, 10);
    let one = [connect(&places, Some(at(1)))];
    let flood: Vec<_> = (0..5)
        .map(|_| {
            let (place, doing) = connect(&places, Some(at(2)));
            let request = doing.begin();
            (place, doing, request)
        })
        .collect();
    assert_eq!(gives(&places, Some(at(2)), &one, Duration::ZERO), None);
    assert_eq!(gives(&places, Some(at(3)), &one, Duration::ZERO), Some(0), "who has as many");
    drop(flood);
}

#[test]
fn a_proxy_gives_what_is_idle_and_is_given_to() {
    let places = places(10, 10);
    let those = [connect(&places, None), connect(&places, None)];
    let _request = those[0].1.begin();
    let _waits = those[0].1.wait();
    let later = places.still * 2;
    assert_eq!(gives(&places, Some(at(1)), &those, later), Some(1));
    assert_eq!(gives(&places, Some(at(1)), &those[..1], later), None, "it is others' too");
    let strangers = [connect(&places, Some(at(1))), connect(&places, Some(at(1)))];
    assert_eq!(gives(&places, None, &strangers[..1], later), Some(0));
}
