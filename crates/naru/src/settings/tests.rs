use super::*;

fn read(
    options: &[(&str, &[&str])],
    variables: &[(&str, &str)],
    file: &str,
) -> Result<Settings, SettingsError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("naru.toml");
    std::fs::write(&path, file).unwrap();
    let given = |name: &str| {
        let found = options.iter().find(|(option, _)| *option == name);
        found
            .map(|(_, values)| values.iter().map(|value| (*value).to_owned()).collect())
            .unwrap_or_default()
    };
    Settings::read(given, &Environment::with(variables), Some(&path))
}

fn told(file: &str) -> String {
    let error = read(&[], &[], file).unwrap_err();
    let message = error.message(Language::English);
    let message =
        message.split_once("naru.toml:").map_or(message.clone(), |(_, rest)| rest.to_owned());
    error.hint(Language::English).map_or(message.clone(), |hint| format!("{message} / {hint}"))
}

#[test]
fn an_option_comes_before_the_environment_before_the_file() {
    let file = "[server]\nlisten = ['127.0.0.1:3', '127.0.0.1:4']\ndomain = 'file.example'\nregistry = 'fromfile'\n";
    let variables =
        [("NARU_SERVER_LISTEN", "127.0.0.1:2, [::1]:2"), ("NARU_SERVER_DOMAIN", "env.example")];
    let ports =
        |settings: &Settings| settings.listen.iter().map(SocketAddr::port).collect::<Vec<_>>();
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
    assert_eq!(config.listen, [DEFAULT_LISTEN]);
    assert_eq!((config.tls, config.registry.as_str()), (TlsMode::Off, "registry"));
    assert_eq!(config.drain, Duration::from_secs(30));
    assert_eq!(config.socket, Path::new("/nowhere/naru.sock"));
}

#[test]
fn every_key_is_taken_from_a_file() {
    let file = "data-dir = '/data'\n[rate-limit]\nidentity = ['read=5000']\n\
                registry = { read = 10000, tokens = 300 }\n[server]\naliases = ['a.example']\ndomain = 'example.com'\n\
                listen = '0.0.0.0:443'\npublic-url = 'https://example.com'\nregistry = 'myregistry'\n\
                shutdown-timeout = '5s'\ntls = 'dev'\ntrusted-proxies = ['10.0.0.0/8', '::1']\n";
    for key in KEYS {
        let name = key.name.rsplit('.').next().unwrap();
        assert!(file.contains(name), "{}", key.name);
    }
    let config = read(&[], &[], file).unwrap().into_config(&Environment::default()).unwrap();
    assert_eq!(config.data_dir, Path::new("/data"));
    assert_eq!((config.tls, config.drain), (TlsMode::Dev, Duration::from_secs(5)));
    assert_eq!(config.trusted_proxies.len(), 2);
    let limits = config.rate_limits;
    assert_eq!(limits.identity.get(RateBucket::Read), Some(5000));
    assert_eq!(limits.registry.get(RateBucket::Read), Some(10_000));
    assert_eq!(limits.registry.get(RateBucket::Tokens), Some(300));
    assert_eq!(limits.registry.get(RateBucket::Write), None);
    assert_eq!(config.public_url.unwrap().host.as_str(), "example.com");
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
        "[server\n",
    ]
    .into_iter()
    .map(told)
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    3: there is no key `server.domian` / did you mean `server.domain`?
    1: there is no key `listen` / did you mean `server.listen`?
    1: there is no key `servers` / did you mean `server`?
    1: there is no key `zebra` / there are: data-dir rate-limit.identity rate-limit.registry server.aliases server.domain server.listen server.public-url server.registry server.shutdown-timeout server.tls server.trusted-proxies
    3: `5000` is not an address with a port, such as 127.0.0.1:5000
    3: `ten` is not an IP address or range such as 10.0.0.0/8
    2: `on` is not `dev` or `off`
    2: `example.com` is not a URL such as https://registry.example.com, without a path
    2: `raed=10` is not a bucket (read, write, delete, referrers or tokens) and its requests a minute, such as read=10000
    2: `read=0` is not a bucket (read, write, delete, referrers or tokens) and its requests a minute, such as read=10000
    2: `read 10` is not a bucket (read, write, delete, referrers or tokens) and its requests a minute, such as read=10000
    1: unclosed table, expected `]`
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
        let row = format!("| `{}` | `{}` | `{}` |", key.name, key.variable, key.option);
        assert!(page.contains(&row), "{row}");
    }
    assert_eq!(page.lines().filter(|line| line.contains("| `NARU_")).count(), KEYS.len());
}
