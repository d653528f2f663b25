use super::*;

fn config(domain: Option<&str>, public_url: Option<&str>) -> Config {
    Config {
        domain: domain.map(|host| host.parse().unwrap()),
        public_url: public_url.map(|url| url.parse().unwrap()),
        ..Config::at("/data".into(), "/data/naru.sock".into())
    }
}

#[test]
fn the_login_line_names_a_host_that_works() {
    let host = |domain, url, scheme, address: &str| {
        let listening = [Listening { scheme, address: address.parse().unwrap() }];
        login_host(&config(domain, url), "registry", &listening)
    };
    let (http, https) = (Scheme::Http, Scheme::Https);
    assert_eq!(host(None, None, http, "127.0.0.1:41233"), "127.0.0.1:41233");
    assert_eq!(host(None, None, http, "0.0.0.0:5000"), "localhost:5000");
    assert_eq!(host(None, None, http, "[::1]:5000"), "[::1]:5000");
    assert_eq!(host(Some("example.com"), None, https, "0.0.0.0:443"), "registry.example.com");
    assert_eq!(host(Some("example.com"), None, https, "0.0.0.0:8443"), "registry.example.com:8443");
    let url = Some("https://example.com:444");
    assert_eq!(host(Some("example.com"), url, http, "0.0.0.0:80"), "registry.example.com:444");
    assert_eq!(host(None, url, http, "0.0.0.0:80"), "example.com:444");
}

#[test]
fn paths_are_quoted_for_a_shell_where_they_must_be() {
    assert_eq!(quoted(Path::new("/var/lib/naru")), "/var/lib/naru");
    assert_eq!(quoted(Path::new("/it's here")), r"'/it'\''s here'");
}
