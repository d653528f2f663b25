# What each option is for. A text belongs to the options whose help in the source is just the English one; an id begins with
# the option's name, and may go on where the same option means something else elsewhere.

option-data-dir = Where the server keeps everything
option-config = A file of settings (TOML)
option-registry = Which registry is meant (default: the first); at a first start, what it is called
option-output = The form of the output
option-lang = The language of texts: en or ko (default: as LANG says)
option-log-level = Which log lines are written, as in `info` or `naru_server=debug`
option-name = Its name
option-name-default = Its name (default: the first)
option-name-of-registry = The registry's name (default: the first)
option-shell = The shell; as in `naru completions bash > /etc/bash_completion.d/naru`
option-directory = The directory; it is made where it is not there
option-password-name = Which of the two
option-failed = Only those that were refused
option-since = Only those since then: so long ago, as in 1h, or a time (RFC 3339)
option-identity = Only those of this identity
option-ip = Only those from this address
option-reason = Only those with this reason, as in credential-invalid
option-top = At most so many, the latest first (default 50)
option-key-id = Its id, as `naru key list` shows it
option-key-id-of-secret = The secret's id, as `list` shows it
option-use = Only the keys of registries' tokens, or of the directory's (default: both)
option-ip-address = An IP address, or a range such as 192.0.2.0/24
option-admin-enabled = Whether the admin user may log in
option-anonymous-pull-enabled = Whether everybody may pull
option-public-network-enabled = Whether anybody may speak to it over the network
option-default-action = What happens to an address that no network rule names
option-denials = How a denied action is answered: with its reason, or as Azure does
option-sparse-manifests-enabled = Whether manifests whose layers are missing are taken
option-assignee = A user, an application id, an object id, or a service principal's name
option-assignee-of = Of whom
option-assignee-from = From whom
option-role = The role's name or id, as in `AcrPull`
option-role-which = Which role
option-scope = Where it holds (default: the registry; `/` is the whole tenant)
option-scope-of = Where it holds (default: the registry)
option-id = One, by its id
option-repository = A repository or pattern, and what may be done there; may be repeated
option-description = What it is for
option-add-repository = A repository or pattern, and what else may be done there; may be repeated
option-remove-repository = A repository or pattern, and what may no longer be done there; may be repeated
option-domain = The domain under which registries have their names
option-alias = A further host name that means the default registry; may be repeated
option-public-url = The URL that clients see, where a proxy or a port mapping stands in front
option-trusted-proxy = A proxy that is believed about whom it speaks for; may be repeated
option-rate-limit-identity = How many requests a minute each identity has, by kind, as in `read=5000`; may be repeated
option-rate-limit-registry = How many requests a minute a registry takes, by kind, as in `read=10000`; may be repeated
option-tls = `dev`: TLS by a certificate authority made under the data directory
option-shutdown-timeout = How long running requests may take to finish at the end (default 30s)
option-log-format = The form of log lines
option-expires-in = For how long its secret holds, as in 90d (default 365d)
option-expires-in-of = For how long it holds, as in 90d (default 365d)
option-enabled = Whether it may log in
option-append = Leave the old secrets alive
option-scope-map = A scope map that exists
option-scope-map-other = Another scope map
option-status = Whether it may be used
option-expiration-in-days = For how many days its passwords hold (default: for ever)
option-expiration-in-days-of = For how many days they hold (default: for ever)
option-no-passwords = Without passwords for now
option-password1 = The first password
option-password2 = The second password
option-password-stdin = Its password comes on standard input
option-password-stdin-new = Its new password comes on standard input
