// Package typed is the contract of entities, projections and subscriptions in Go: states, commands, events, rows and messages are structs, and functions
// say what comes of them.
//
//	type Account struct {
//		Owner string `avro:"owner"`
//		Cents int64  `avro:"cents"`
//	}
//
//	type Deposit struct {
//		Cents int64 `avro:"cents"`
//	}
//
//	type Deposited struct {
//		Cents int64 `avro:"cents"`
//	}
//
//	func (a Account) deposit(c Deposit, ctx typed.Context) typed.Effects {
//		if c.Cents <= 0 {
//			return typed.Reject("bad-amount", "the amount must be positive")
//		}
//		return typed.Emit(Deposited{Cents: c.Cents})
//	}
//
//	func (a *Account) deposited(e Deposited) { a.Cents += e.Cents }
//
//	var account = typed.NewEntity("account", typed.On(Account.deposit), typed.Apply((*Account).deposited))
//
// The name of a struct is the name of its record and what the header ce_type says; its Avro schema is made of its fields and their avro tags
// as [avro.SchemaFor] describes. Whatever is stored is read again by the structs of later versions by Avro's rules: a field that is added needs
// a default (`avro:"note,default="`), one that is taken away is passed over.
//
// What is decided may also be sent, in the same transaction: commands to other entities ([Send]), whose answers may come back as commands ([Ask]), and
// messages to a [Publication] ([Publish]). A [Subscription] makes such sendings of the messages of a topic. Functions
// may look rows up in a [Table], which every instance has whole. Replicated values, like a [Counter], are changed by entities beside what else they
// decide, and read by all functions.
//
// [Bind] checks all parts of a context together and makes behaviours of them. A payload in single-object encoding under today's schema is read
// straight into its struct. Everything else, JSON, Confluent's format and older schemas, is first brought to that by package schemas.
//
// A function that panics fails its command or event, with the file and line: that goes the way of poison, the next one goes on.
package typed
