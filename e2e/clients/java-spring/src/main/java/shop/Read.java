package shop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;

/** Prints the committed events or rows of a topic, from the first one on, until ctrl-c. */
@Configuration
@EnableKafka
public class Read {
    static final String BROKERS = System.getenv().getOrDefault("BROKERS", "localhost:9092");

    private final BinaryMessageDecoder<GenericRecord> avro =
            new BinaryMessageDecoder<>(GenericData.get(), null, new Schemas(BROKERS, "shop.schemas"));

    @Bean
    ConcurrentKafkaListenerContainerFactory<String, Object> kafkaListenerContainerFactory() {
        var factory = new ConcurrentKafkaListenerContainerFactory<String, Object>();
        factory.setConsumerFactory(new DefaultKafkaConsumerFactory<>(
                Map.of(
                        CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, BROKERS,
                        ConsumerConfig.GROUP_ID_CONFIG, "reader-java",
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
                        // Not the default. Without it records show that may never be committed.
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"),
                new StringDeserializer(), (topic, value) -> decode(value)));
        return factory;
    }

    /** An event or row: Avro in single-object encoding, or JSON where the context says so. */
    private Object decode(byte[] value) {
        if (value == null || value[0] == '{') {
            return value == null ? null : new String(value, StandardCharsets.UTF_8);
        }
        try {
            return avro.decode(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @KafkaListener(topics = "${topic}")
    void print(ConsumerRecord<String, Object> record) {
        if (record.value() == null) {
            System.out.println(record.key() + " (deleted)"); // Of tables only: the row is gone.
            return;
        }
        var type = new String(record.headers().lastHeader("ce_type").value(), StandardCharsets.UTF_8);
        System.out.println(record.key() + " " + type + " " + record.value());
    }

    public static void main(String[] args) {
        new AnnotationConfigApplicationContext(Read.class).registerShutdownHook();
    }
}
