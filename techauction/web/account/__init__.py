"""One's own account: signing in and out, the password, the sign-ins, the language."""
