# The pieces that the refusals in causes.ftl are put together from, and what is answered outside the catalogue.

who-admin = the admin user
who-anonymous = an anonymous caller
who-operator = the local operator
who-service-principal = service principal { $name }
who-token = token { $name }
who-user = user { $name }

action-catalog = list
action-delete = delete in
action-metadata-read = list the tags of
action-metadata-write = change metadata of
action-pull = pull
action-push = push to

near-ceiling = the access token used as password does not list this action
near-nothing = no role is assigned to it on this registry
near-roles = its role { $roles } does not include this
near-rule-actions = scope map { $map } gives { $gives } on { $pattern }
near-rule-none = scope map { $map } has no rule for it
near-rule-pattern = scope map { $map } has no rule for it (nearest: { $pattern })

remedy-ceiling = log in with the password itself
remedy-role = assign { $role }
remedy-scope-map = add { $word } to the scope map

rate-delete = delete
rate-read = read
rate-referrers = referrers
rate-tokens = tokens
rate-write = write

rate-of-address = came from your address without a login
rate-of-identity = came from { $who }
rate-of-registry = came to this registry

disk-full = the registry's disk is full, and nothing was lost: try again when its operator has made room
