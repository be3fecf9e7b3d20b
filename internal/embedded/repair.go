package embedded

func repair(string) error { return nil }
