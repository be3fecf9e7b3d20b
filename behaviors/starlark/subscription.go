package starlark

import (
	"context"
	"fmt"
	"io/fs"

	star "go.starlark.net/starlark"

	"github.com/partita-io/partita/behaviors"
	"github.com/partita-io/partita/entities"
)

// SubscriptionConfig says where a subscription's behaviour is and what it is about.
type SubscriptionConfig struct {
	Folder     fs.FS
	File       string
	Name       string
	Messages   []*Message
	Codec      Codec
	Outlets    *Outlets
	Tables     []Table
	Replicated Replicated
	Print      func(file, text string)
	Limits     Limits
}

type subscription struct {
	config  SubscriptionConfig
	caller  *caller
	on      map[string]*star.Function
	allowed turn
}

// LoadSubscription loads a subscription's script. All its problems come back at once; the subscription is usable when there are none.
func LoadSubscription(config SubscriptionConfig) (behaviors.Subscription, []Problem) {
	config.Limits = config.Limits.withDefaults()
	allowed := turn{entity: config.Name, outlets: config.Outlets, tables: config.Tables, replicated: config.Replicated}
	globals, problems := loadScript(config.Folder, config.File, config.Limits, config.Print, &allowed, config.Messages)
	if len(problems) > 0 {
		return nil, problems
	}
	f := &functions{file: config.File, owner: "subscription " + config.Name, globals: globals}
	s := &subscription{config: config, caller: newCaller(config.Limits, config.Print), allowed: allowed}
	s.on = f.required("on_", "message", []string{"message", "ctx"}, config.Messages)
	f.refuseUnknown("on_", "message", config.Messages)
	if len(f.problems) > 0 {
		return nil, f.problems
	}
	return s, nil
}

func (s *subscription) Wants(messageType string) bool { return s.on[shortName(messageType)] != nil }

func (s *subscription) Handle(ctx context.Context, message *behaviors.Event) (out entities.Messages, failure *entities.Failure) {
	defer func() {
		if p := recover(); p != nil {
			out, failure = entities.Messages{}, panicked(s.config.File+": subscription "+s.config.Name, p)
		}
	}()
	name, value, failure := decode(ctx, s.config.Codec, message.Type, message.Payload)
	if failure != nil {
		return out, failure
	}
	function := s.on[name]
	received := recordToStar(value, byNameIn(s.config.Messages, name).Type)
	received.Freeze()
	t := s.caller.borrow()
	defer s.caller.giveBack(t)
	about := t.context(messageNames, (*aboutMessage)(message), message.Headers, s.config.Tables, s.config.Replicated)
	result, failure := t.call(function, s.allowed, received, about)
	if failure != nil {
		return out, failure
	}
	effects, err := effectsOf(result)
	for i := 0; err == nil && i < len(effects); i++ {
		if effects[i].letter == nil {
			err = fmt.Errorf("returned %s: a subscription sends and publishes, nothing else", effects[i])
			break
		}
		err = effects[i].letter.addTo(&out, s.config.Codec, &t.budget)
	}
	if err != nil {
		return entities.Messages{}, t.failure(function, err)
	}
	return out, nil
}

// aboutMessage is what the ctx of a function of a subscription is about.
type aboutMessage behaviors.Event

var messageNames = scopeNames("key", "now", "id")

func (m *aboutMessage) field(name string) star.Value {
	switch name {
	case "key":
		return star.String(m.EntityID)
	case "now":
		return star.MakeInt64(m.NowMS)
	}
	return star.String(m.CausationID)
}
