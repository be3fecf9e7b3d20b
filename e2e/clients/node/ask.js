// Sends commands to the cart c1 and prints their answers.

import { randomBytes, randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import './lz4.js'

const kafka = new kafkajs.Kafka({
  clientId: 'web',
  brokers: [process.env.BROKERS ?? 'localhost:9092'],
  logLevel: kafkajs.logLevel.ERROR,
})
const waiting = new Map() // By correlation id: who waits for the answer.

// kafkajs reads in groups only: ours has a name of its own, and begins where the topic for answers ends before the first command is sent.
const groupId = `web-${randomUUID()}`
const answers = kafka.consumer({ groupId }) // readUncommitted is false unless asked for: committed records only.
await answers.connect()
await answers.subscribe({ topics: ['shop.replies'] })
await answers.run({
  autoCommit: false,
  eachMessage: async ({ message }) => {
    waiting.get(message.headers.kafka_correlationId?.toString('hex'))?.(JSON.parse(message.value))
  },
})
const admin = kafka.admin()
await admin.connect()
for (const { partition, offset } of await admin.fetchTopicOffsets('shop.replies')) {
  answers.seek({ topic: 'shop.replies', partition, offset })
}

// The partition that Java and Partita choose for a key. It is the default since kafkajs 2; 1 had another.
const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
await producer.connect()

// Sends a command and resolves to its answer.
async function ask(cart, command, headers = {}, timeoutMs = 10_000) {
  const correlation = randomBytes(16)
  const id = correlation.toString('hex')
  let timer
  try {
    return await new Promise((resolve, reject) => {
      waiting.set(id, resolve)
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms: it may be carried out yet`)), timeoutMs)
      producer.send({
        topic: 'shop.cart.commands',
        messages: [{
          key: cart,
          value: JSON.stringify(command),
          headers: { ...headers, kafka_replyTopic: 'shop.replies', kafka_correlationId: correlation },
        }],
      }).catch(reject)
    })
  } finally {
    clearTimeout(timer)
    waiting.delete(id)
  }
}

const print = (answer) => console.log(JSON.stringify(answer))

// The type may stand in the value.
print(await ask('c1', { type: 'AddItem', sku: 'apple', quantity: 2, price_cents: 30, customer_id: 'alice' }))

// Or in a header. With ce_source and ce_id, a command that is sent again is answered as before, and not carried out twice.
const checkOut = { ce_type: 'CheckOut', ce_source: 'web', ce_id: randomUUID() }
print(await ask('c1', {}, checkOut))
print(await ask('c1', {}, checkOut))

// A considered no.
print(await ask('c1', { type: 'AddItem', sku: 'pear', quantity: 1, price_cents: 50, customer_id: 'alice' }))

await producer.disconnect()
await answers.disconnect()
await admin.deleteGroups([groupId])
await admin.disconnect()
