"""Resource groups: some repositories of an organisation, with members and roles of their own."""
