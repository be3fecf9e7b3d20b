// Lets kafkajs read LZ4, which is what Partita writes where compressing pays. By itself it knows gzip only.

import kafkajs from 'kafkajs'
import { compressFrame, decompressFrame } from 'lz4-napi'

kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => ({
  compress: (encoder) => compressFrame(encoder.buffer),
  decompress: (buffer) => decompressFrame(buffer),
})
