use jiff::SignedDuration;
use naru_codes::Language;
use naru_testkit::targets::Mutation;

use super::*;

fn read(
    options: &[(&str, &[&str])],
    variables: &[(&str, &str)],
    file: &str,
) -> Result<Settings, Vec<SettingsError>> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("naru.toml");
    std::fs::write(&path, file).unwrap();
    let given = |name: &str| {
        let found = options.iter().find(|(option, _)| *option == name);
        found
            .map(|(_, values)| values.iter().map(|value| (*value).to_owned()).collect())
            .unwrap_or_default()
    };
    let environment = Environment::with(variables);
    Settings::read(given, &environment, Some(&path), Strictness::Everything)
}

fn told(file: &str) -> String {
    told_with(&[], file)
}

/// All that is wrong, without the directory.
fn told_with(variables: &[(&str, &str)], file: &str) -> String {
    let one = |error: SettingsError| {
        let message = error.message(Language::English);
        let message =
            message.split_once("naru.toml:").map_or(message.clone(), |(_, rest)| rest.to_owned());
        error.hint(Language::English).map_or(message.clone(), |hint| format!("{message} / {hint}"))
    };
    let errors = read(&[], variables, file).unwrap_err();
    errors.into_iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_option_comes_before_the_environment_before_the_file() {
    let file = "[server]\nlisten = ['127.0.0.1:3', '127.0.0.1:4']\ndomain = 'file.example'\nregistry = 'fromfile'\n";
    let variables =
        [("NARU_SERVER_LISTEN", "127.0.0.1:2, [::1]:2"), ("NARU_SERVER_DOMAIN", "env.example")];
    let ports = |settings: &Settings| {
        settings.listen.iter().filter_map(Address::tcp).map(|one| one.port()).collect::<Vec<_>>()
    };
    let all = read(&[("--listen", &["127.0.0.1:1"])], &variables, file).unwrap();
    assert_eq!(ports(&all), [1]);
    assert_eq!(all.domain.unwrap().as_str(), "env.example");
    assert_eq!(all.registry.unwrap(), "fromfile");
    assert_eq!(ports(&read(&[], &variables, file).unwrap()), [2, 2]);
    assert_eq!(ports(&read(&[], &[], file).unwrap()), [3, 4]);
}

#[test]
fn with_nothing_said_it_is_local_and_plain() {
    let config = read(&[("--data-dir", &["/nowhere"])], &[], "").unwrap();
    let config = config.into_config(&Environment::default()).unwrap();
    assert_eq!(config.listen, ["127.0.0.1:5000".parse().unwrap()]);
    assert_eq!((config.tls, config.registry.as_str()), (TlsMode::Off, "registry"));
    assert_eq!(config.drain, Duration::from_secs(30));
    assert_eq!(config.collection.interval, Some(Duration::from_hours(24)));
    assert_eq!(config.collection.lease, SignedDuration::from_hours(24));
    assert_eq!(config.socket, Path::new("/nowhere/naru.sock"));
}

#[test]
fn every_default_is_what_the_table_says() {
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        let (section, name) = key.name.split_once('.').unwrap();
        let given = read(&[], &[], &format!("[{section}]\n{name} = '{}'\n", key.default)).unwrap();
        let config = |settings: Settings| {
            format!("{:?}", settings.into_config(&Environment::default()).unwrap())
        };
        assert_eq!(config(given), config(read(&[], &[], "").unwrap()), "{}", key.name);
    }
}

#[test]
fn every_key_is_taken_from_a_file() {
    let file = "data-dir = '/data'\n[events]\nrecord = 'refusals'\nretention = '30d'\n[gc]\ninterval = 'off'\nlease = '36h'\n[limits]\nblob-size = '1GiB'\nconnections = 20\n\
                connections-per-address = 10\nhead-size = '8KiB'\nhead-timeout = '5s'\n\
                manifest-size = 1_000\nstall-size = '8KiB'\nstall-timeout = '6s'\nuploads = 7\n[rate-limit]\nidentity = ['read=5000']\n\
                registry = { read = 10000, tokens = 300 }\n\
                [server]\naliases = ['a.example']\ndomain = 'example.com'\n\
                listen = ['0.0.0.0:443', 'unix:/run/a.sock']\npublic-url = 'https://example.com'\n\
                registry = 'myregistry'\nshutdown-timeout = '5s'\nsocket-mode = '0600'\n\
                tls-cert = '/c'\ntls-key = '/k'\ntrusted-proxies = ['10.0.0.0/8', '::1']\n";
    for key in KEYS.iter().filter(|key| key.name != "server.tls") {
        let name = key.name.rsplit('.').next().unwrap();
        assert!(file.contains(&format!("{name} = ")), "{}", key.name);
    }
    let config = read(&[], &[], file).unwrap().into_config(&Environment::default()).unwrap();
    assert_eq!(config.data_dir, Path::new("/data"));
    let (certificate, key) = ("/c".into(), "/k".into());
    assert_eq!(config.tls, TlsMode::Files { certificate, key });
    assert_eq!(config.drain, Duration::from_secs(5));
    assert_eq!(config.events.record, EventsRecorded::Refusals);
    assert_eq!(config.events.retention.as_hours(), 30 * 24);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.collection.interval, None);
    assert_eq!(config.collection.lease, SignedDuration::from_hours(36));
    let limits = config.rate_limits;
    assert_eq!(limits.identity.get(RateBucket::Read), Some(5000));
    assert_eq!(limits.registry.get(RateBucket::Read), Some(10_000));
    assert_eq!(limits.registry.get(RateBucket::Tokens), Some(300));
    assert_eq!(limits.registry.get(RateBucket::Write), None);
    assert_eq!(config.public_url.unwrap().host.as_str(), "example.com");
    assert_eq!((config.listen.len(), config.socket_mode), (2, 0o600));
    let limits = Limits {
        connections: 20,
        connections_per_address: 10,
        head_timeout: Duration::from_secs(5),
        stall_timeout: Duration::from_secs(6),
        stall_bytes: 8 << 10,
        head_bytes: 8 << 10,
        manifest_bytes: 1000,
        blob_bytes: 1 << 30,
        uploads: 7,
    };
    assert_eq!(config.limits, limits);
}

#[test]
fn a_proxy_is_named_by_its_address_however_it_is_written() {
    let file =
        "[server]\ntrusted-proxies = ['::ffff:192.0.2.0/120', '::ffff:192.0.2.1', 'fd00::/8']\n";
    let config = read(&[], &[], file).unwrap().into_config(&Environment::default()).unwrap();
    let networks = config.trusted_proxies.iter().map(ToString::to_string);
    assert_eq!(networks.collect::<Vec<_>>(), ["192.0.2.0/24", "192.0.2.1/32", "fd00::/8"]);
}

#[test]
fn what_a_file_should_not_have_is_named_with_its_line() {
    let told: Vec<_> = [
        "[server]\nlisten = '127.0.0.1:1'\ndomian = 'x'\n",
        "listen = '127.0.0.1:1'\n",
        "[servers]\n",
        "zebra = 1\n",
        "[server]\n\nlisten = 5000\n",
        "[server]\ntrusted-proxies = ['10.0.0.0/8',\n 'ten']\n",
        "[server]\ntls = 'on'\n",
        "[server]\npublic-url = 'example.com'\n",
        "[rate-limit]\nregistry = { raed = 10 }\n",
        "[rate-limit.registry]\nread = 0\n",
        "[rate-limit]\nidentity = ['read 10']\n",
        "[server]\ntls = true\n",
        "[server]\ndomain = ['a.example', 'b.example']\n",
        "[limits]\nconnections = 'many'\n",
        "[limits]\nconnections = 0\nmanifest-size = '1GiB'\n",
        "[server\n",
    ]
    .into_iter()
    .map(told)
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    3:1: there is no key `server.domian` / did you mean `server.domain`?
    1:1: there is no key `listen` / did you mean `server.listen`?
    1:2: there is no key `servers` / did you mean `server`?
    1:1: there is no key `zebra` / there are: data-dir events.record events.retention gc.interval gc.lease limits.blob-size limits.connections limits.connections-per-address limits.head-size limits.head-timeout limits.manifest-size limits.stall-size limits.stall-timeout limits.uploads metrics.listen rate-limit.identity rate-limit.registry server.aliases server.domain server.listen server.public-url server.registry server.shutdown-timeout server.socket-mode server.tls server.tls-cert server.tls-key server.trusted-proxies
    3:10: `5000` is not an address with a port, such as 127.0.0.1:5000, or unix: and an absolute path
    3:2: `ten` is not an IP address or range such as 10.0.0.0/8
    2:7: `on` is not `dev` or `off`
    2:14: `example.com` is not a URL such as https://registry.example.com, without a path
    2:14: `raed=10` is not a bucket (read, write, delete, referrers or tokens) and its requests a minute, such as read=10000
    2:1: `read=0` is not a bucket (read, write, delete, referrers or tokens) and its requests a minute, such as read=10000
    2:13: `read 10` is not a bucket (read, write, delete, referrers or tokens) and its requests a minute, such as read=10000
    2:7: `true` is not `dev` or `off`
    2:24: `server.domain` has one value, and several are given
    2:15: `many` is not a number, 1 or more
    2:15: `0` is not a number, 1 or more
    3:17: `1GiB` is not a size such as 2MiB, up to 4MiB
    1:8: unclosed table, expected `]`
    ");
}

#[test]
fn what_the_environment_should_not_have_is_named_too() {
    let typo = [("NARU_SERVER_LISTN", "127.0.0.1:1"), ("NARU_COLOUR_OF_THE_SEA", "green")];
    insta::assert_snapshot!(told_with(&typo, ""), @r"
    there is no variable `NARU_COLOUR_OF_THE_SEA` / there are: NARU_DATA_DIR NARU_EVENTS_RECORD NARU_EVENTS_RETENTION NARU_GC_INTERVAL NARU_GC_LEASE NARU_LIMITS_BLOB_SIZE NARU_LIMITS_CONNECTIONS NARU_LIMITS_CONNECTIONS_PER_ADDRESS NARU_LIMITS_HEAD_SIZE NARU_LIMITS_HEAD_TIMEOUT NARU_LIMITS_MANIFEST_SIZE NARU_LIMITS_STALL_SIZE NARU_LIMITS_STALL_TIMEOUT NARU_LIMITS_UPLOADS NARU_METRICS_LISTEN NARU_RATE_LIMIT_IDENTITY NARU_RATE_LIMIT_REGISTRY NARU_SERVER_ALIASES NARU_SERVER_DOMAIN NARU_SERVER_LISTEN NARU_SERVER_PUBLIC_URL NARU_SERVER_REGISTRY NARU_SERVER_SHUTDOWN_TIMEOUT NARU_SERVER_SOCKET_MODE NARU_SERVER_TLS NARU_SERVER_TLS_CERT NARU_SERVER_TLS_KEY NARU_SERVER_TRUSTED_PROXIES
    there is no variable `NARU_SERVER_LISTN` / did you mean `NARU_SERVER_LISTEN`?
    ");
    assert!(read(&[], &[("NARU_LOG", "info"), ("NARU_PORT", "tcp://10.0.0.1:5000")], "").is_ok());
    let lenient =
        Settings::read(|_| Vec::new(), &Environment::with(&typo), None, Strictness::Known);
    assert!(lenient.is_ok(), "a command that only asks a server is not stopped by it");
}

#[test]
fn whatever_a_file_says_each_fault_stands_on_a_line_of_it() {
    let corpus = [
        "[server]\nlisten = ['127.0.0.1:1', '[::1]:2']\ndomain = '나루.example'\ntls = 'dev'\n",
        "[server]\ntrusted-proxies = ['::ffff:10.0.0.0/104',\n 'fd00::/8']\nsocket-mode = '0600'\n",
        "data-dir = '/data'\n[gc]\ninterval = 'off'\nlease = '36h'\n[events]\nretention = '30d'\n",
        "[rate-limit]\nidentity = ['read=5000']\nregistry = { read = 10000, tokens = 300 }\n",
        "limits.connections = 20\r\nlimits.manifest-size = 1_000\r\nlimits.blob-size = '1GiB'\r\n",
        "[server]\naliases = [\"\\u00e4.example\", '''a''']\n# x\nshutdown-timeout = \"\"\"5s\"\"\"",
    ]
    .map(|text| text.as_bytes().to_vec());
    let mut mutation = Mutation::new(7);
    let mut faults = 0;
    for _ in 0..500 {
        let Ok(text) = String::from_utf8(mutation.of(&corpus)) else { continue };
        let errors = match read(&[("--data-dir", &["/nowhere"])], &[], &text) {
            Ok(settings) => {
                settings.into_config(&Environment::default()).err().into_iter().collect()
            }
            Err(errors) => errors,
        };
        for error in errors {
            let (line, column) = error.order();
            let told = text.split('\n').nth(line.wrapping_sub(1)).map(|line| line.chars().count());
            let stands = told.is_some_and(|length| (1..=length + 1).contains(&column));
            assert!(stands, "{text:?}: {error:?}");
            assert!(error.label().unwrap().ends_with('^'), "{text:?}: {error:?}");
            faults += 1;
        }
    }
    assert!(faults > 200, "{faults}");
}

#[test]
fn what_contradicts_is_named() {
    let told: Vec<_> = [
        "[server]\ntls = 'dev'\ntls-cert = '/c'\ntls-key = '/k'\n",
        "[server]\ntls = 'off'\ntls-cert = '/c'\ntls-key = '/k'\n",
        "[server]\ntls-cert = '/c'\n",
        "[server]\ntls-key = '/k'\n",
        "[server]\nlisten = ['127.0.0.1:1', '127.0.0.1:0', '127.0.0.1:0', '127.0.0.1:1']\n",
        "[limits]\nconnections = 10\nconnections-per-address = 11\n",
    ]
    .into_iter()
    .map(told)
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    3:12: `server.tls` is `dev`, which makes its own certificate: give no file
    2:7: `server.tls` is `off`, and a certificate is given: leave one of them out
    2:12: a certificate and its key go together: give `server.tls-key` too
    2:11: a certificate and its key go together: give `server.tls-cert` too
    2:56: the address 127.0.0.1:1 is given twice
    3:27: more connections of one address than there may be in total (10)
    ");
}

#[test]
fn a_mark_stands_under_what_is_meant() {
    let label = |file: &str| read(&[], &[], file).unwrap_err().remove(0).label().unwrap();
    insta::assert_snapshot!(label("[server]\nlisten = '127.0.0.1:1'\n  lisen = 1\n"), @r"
      |
    3 |   lisen = 1
      |   ^^^^^
    ");
    insta::assert_snapshot!(label("[server]\ndomain = '나루.example'; x\n"), @r"
      |
    2 | domain = '나루.example'; x
      |                        ^
    ");
    insta::assert_snapshot!(label("[server]\ntls = [\n'dev',\n\t'dve']\n"), @r"
      |
    4 |  'dve']
      |  ^^^^^
    ");
    insta::assert_snapshot!(label("[server]\n# 주석\naliases = ['나루', 'a']\n"), @r"
      |
    3 | aliases = ['나루', 'a']
      |            ^^^^^^
    ");
}

#[test]
fn names_and_variables_of_keys_go_together() {
    for key in KEYS {
        let variable = format!("NARU_{}", key.name.to_ascii_uppercase().replace(['.', '-'], "_"));
        assert_eq!(key.variable, variable);
    }
}

#[test]
fn the_page_of_settings_names_every_key() {
    let page = include_str!("../../../../docs/configuration.md");
    for key in KEYS {
        let option = key.option.map_or("none".to_owned(), |option| format!("`{option}`"));
        let row = format!("| `{}` | `{}` | {option} |", key.name, key.variable);
        assert!(page.contains(&row), "{row}");
    }
    assert_eq!(page.lines().filter(|line| line.contains("| `NARU_")).count(), KEYS.len());
}
