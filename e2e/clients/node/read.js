// Prints the committed events or rows of a topic, from the first one on, until ctrl-c.

import { randomUUID } from 'node:crypto'
import avro from 'avsc'
import kafkajs from 'kafkajs'
import './lz4.js'

const kafka = new kafkajs.Kafka({
  clientId: 'reader',
  brokers: [process.env.BROKERS ?? 'localhost:9092'],
  logLevel: kafkajs.logLevel.ERROR,
})

// The schemas of the context, by fingerprint. Each is in its topic before the first value that needs it.
const schemas = new Map()
const waiting = new Map()
const schemaReader = kafka.consumer({ groupId: `schemas-${randomUUID()}` })
await schemaReader.connect()
await schemaReader.subscribe({ topics: ['shop.schemas'], fromBeginning: true })
await schemaReader.run({
  eachMessage: async ({ message }) => {
    const fingerprint = message.key.toString()
    schemas.set(fingerprint, avro.Type.forSchema(JSON.parse(message.value)))
    waiting.get(fingerprint)?.()
  },
})

async function schemaOf(fingerprint) {
  if (!schemas.has(fingerprint)) {
    await new Promise((resolve, reject) => {
      waiting.set(fingerprint, resolve)
      setTimeout(() => reject(new Error(`no schema ${fingerprint}`)), 10_000).unref()
    })
  }
  return schemas.get(fingerprint)
}

// An event or row: Avro in single-object encoding, or JSON where the context says so.
async function decode(value) {
  if (value.readUInt16BE(0) !== 0xc301) {
    return JSON.parse(value)
  }
  const fingerprint = value.readBigUInt64LE(2).toString(16).padStart(16, '0')
  const schema = await schemaOf(fingerprint)
  return schema.fromBuffer(value.subarray(10))
}

const reader = kafka.consumer({ groupId: 'reader-node' }) // readUncommitted is false unless asked for: committed records only.
await reader.connect()
await reader.subscribe({ topics: [process.argv[2]], fromBeginning: true })
await reader.run({
  eachMessage: async ({ message }) => {
    const key = message.key.toString()
    if (message.value === null) {
      console.log(key, '(deleted)') // Of tables only: the row is gone.
      return
    }
    console.log(key, message.headers.ce_type.toString(), JSON.stringify(await decode(message.value)))
  },
})

process.once('SIGINT', async () => {
  await Promise.all([reader.disconnect(), schemaReader.disconnect()])
})
