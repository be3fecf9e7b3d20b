package cli

// What a folder declares, by the names that people type, for completion and suggestions.

func (f *folder) entityNames() []string {
	names := make([]string, len(f.Entities))
	for i := range f.Entities {
		names[i] = f.Entities[i].Name
	}
	return names
}

func (f *folder) projectionNames() []string {
	names := make([]string, len(f.Projections))
	for i := range f.Projections {
		names[i] = f.Projections[i].Name
	}
	return names
}

func (f *folder) commandNames(entity string) []string {
	e := f.Entity(entity)
	if e == nil {
		return nil
	}
	names := make([]string, len(e.Commands))
	for i, m := range e.Commands {
		names[i] = m.Name
	}
	return names
}

func (f *folder) fieldNames(entity, command string) []string {
	e := f.Entity(entity)
	if e == nil {
		return nil
	}
	m := e.Command(command)
	if m == nil {
		return nil
	}
	names := make([]string, len(m.Type.Fields))
	for i := range m.Type.Fields {
		names[i] = m.Type.Fields[i].Name
	}
	return names
}
