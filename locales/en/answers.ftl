who-user = user { $name }
