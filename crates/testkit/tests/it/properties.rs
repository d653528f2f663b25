//! The targets, for texts that are made after the grammar instead of by chance: each is close enough
//! to a legal one that the property behind the first test of the parser is reached.

use naru_testkit::targets::run;
use proptest::prelude::*;

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..20_u64).prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        Just(String::new()),
        Just("18446744073709551616".to_owned()),
        Just("+1".to_owned()),
        Just("00".to_owned()),
    ]
}

fn header_of_a_range() -> impl Strategy<Value = String> {
    let unit = prop_oneof![Just("bytes="), Just("bytes "), Just(""), Just("items=")];
    let end = prop_oneof![Just(""), Just("/*"), Just(",3-4"), Just(" ")];
    (unit, number(), "-{0,2}", number(), end)
        .prop_map(|(unit, first, dash, last, end)| format!("{unit}{first}{dash}{last}{end}"))
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_ipv6_mapped().to_string()),
        (any::<u32>(), 0..=32_u32).prop_map(|(bits, length)| {
            let kept = u32::MAX.checked_shl(32 - length).unwrap_or_default();
            std::net::Ipv4Addr::from(bits & kept).to_string()
        }),
    ]
}

fn descriptor() -> impl Strategy<Value = String> {
    ("[0-9a-f]{64}", prop_oneof![Just(""), Just("application/vnd.oci.image.config.v1+json")])
        .prop_map(|(hex, kind)| {
            format!(r#"{{"mediaType":"{kind}","digest":"sha256:{hex}","size":3}}"#)
        })
}

fn manifest() -> impl Strategy<Value = String> {
    let list = || proptest::collection::vec(descriptor(), 0..4);
    let one = || proptest::option::of(descriptor());
    let kind = prop_oneof![
        Just("application/vnd.oci.image.manifest.v1+json"),
        Just("application/vnd.oci.image.index.v1+json"),
        Just("application/vnd.oci.artifact.manifest.v1+json"),
    ];
    let lists = (proptest::option::of(list()), proptest::option::of(list()), list());
    (kind, one(), one(), lists).prop_map(|(kind, config, subject, (layers, manifests, blobs))| {
        let mut fields = vec![format!(r#""mediaType":"{kind}""#)];
        let listed = |name: &str, list: Vec<String>| format!(r#""{name}":[{}]"#, list.join(","));
        fields.extend(config.map(|one| format!(r#""config":{one}"#)));
        fields.extend(subject.map(|one| format!(r#""subject":{one}"#)));
        fields.extend(layers.map(|list| listed("layers", list)));
        fields.extend(manifests.map(|list| listed("manifests", list)));
        fields.push(listed("blobs", blobs));
        format!("{{{}}}", fields.join(","))
    })
}

fn challenge() -> impl Strategy<Value = String> {
    let value =
        prop_oneof!["[a-z./:]{0,12}", r#""([a-z ,=]|\\["\\]){0,12}""#, Just("\"".to_owned())];
    let name = prop_oneof![Just("realm"), Just("service"), Just("scope"), Just("error"), Just("x")];
    let pair = (name, value).prop_map(|(name, value)| format!("{name}={value}"));
    let scheme = prop_oneof![Just("Bearer"), Just("basic"), Just("Negotiate"), Just("")];
    let one = (scheme, proptest::collection::vec(pair, 0..4))
        .prop_map(|(scheme, pairs)| format!("{scheme} {}", pairs.join(",")));
    proptest::collection::vec(one, 1..3).prop_map(|all| all.join(", "))
}

fn scope() -> impl Strategy<Value = String> {
    let name = "[a-z]{1,3}([._/~>-]{1,2}[a-zA-Z]{1,3}){0,2}(:[0-9]{1,3})?";
    let actions = "(pull|push|delete|\\*|fly|,){0,4}";
    let kind = prop_oneof![Just("repository"), Just("registry"), Just("reposi?tory"), Just("x")];
    let one =
        (kind, name, actions).prop_map(|(kind, name, actions)| format!("{kind}:{name}:{actions}"));
    proptest::collection::vec(one, 1..4).prop_map(|all| all.join(" "))
}

proptest! {
    #[test]
    fn ranges(size in prop_oneof![0..30_u64, any::<u64>()], header in header_of_a_range()) {
        run("range", &[&size.to_le_bytes()[..], header.as_bytes()].concat());
    }

    #[test]
    fn network_rules(address in address(), length in proptest::option::of(0..140_u32)) {
        run("network", length.map_or(address.clone(), |l| format!("{address}/{l}")).as_bytes());
    }

    #[test]
    fn manifests(manifest in manifest()) {
        run("manifest", manifest.as_bytes());
    }

    #[test]
    fn challenges(challenge in challenge()) {
        run("challenge", challenge.as_bytes());
    }

    #[test]
    fn scopes(scope in scope()) {
        run("scope", scope.as_bytes());
    }
}
