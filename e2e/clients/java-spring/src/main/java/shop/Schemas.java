package shop;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.message.SchemaStore;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The schemas of a context by their fingerprints. Each is in the topic before the first value that needs it. */
class Schemas implements SchemaStore {
    private final Map<Long, Schema> known = new HashMap<>();
    private final KafkaConsumer<String, String> consumer;

    Schemas(String brokers, String topic) {
        consumer = new KafkaConsumer<>(
                Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, brokers), new StringDeserializer(), new StringDeserializer());
        var all = List.of(new TopicPartition(topic, 0));
        consumer.assign(all);
        consumer.seekToBeginning(all);
    }

    @Override
    public synchronized Schema findByFingerprint(long fingerprint) {
        while (!known.containsKey(fingerprint)) {
            var records = consumer.poll(Duration.ofSeconds(10));
            if (records.isEmpty()) {
                return null; // The decoder says that it misses it.
            }
            records.forEach(r -> known.put(Long.parseUnsignedLong(r.key(), 16), new Schema.Parser().parse(r.value())));
        }
        return known.get(fingerprint);
    }
}
