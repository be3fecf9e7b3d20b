package shop;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.TopicPartitionOffset;
import org.springframework.kafka.support.TopicPartitionOffset.SeekPosition;

/** Sends commands to the cart c1 and prints their answers. */
@Configuration
public class Ask {
    static final String BROKERS = System.getenv().getOrDefault("BROKERS", "localhost:9092");

    @Bean
    ReplyingKafkaTemplate<String, String, String> template() {
        // Kafka's own partitioner chooses the partition that Partita chooses for a key: there is nothing to set.
        var commands = new DefaultKafkaProducerFactory<>(
                Map.<String, Object>of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, BROKERS), new StringSerializer(), new StringSerializer());
        var answers = new DefaultKafkaConsumerFactory<>(
                Map.<String, Object>of(
                        CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, BROKERS,
                        // Not the default. Without it answers show that may never be committed.
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"),
                new StringDeserializer(), new StringDeserializer());
        // One partition of the topic for answers is enough for us, from its end on. Spring names topic and partition in every command.
        var mine = new ContainerProperties(new TopicPartitionOffset("shop.replies", 0, SeekPosition.END));
        mine.setPollTimeout(500); // ms; waitForAssignment below takes as long.
        var template = new ReplyingKafkaTemplate<>(commands, new KafkaMessageListenerContainer<>(answers, mine));
        template.setSharedReplyTopic(true); // Others may get their answers there, too.
        template.setDefaultReplyTimeout(Duration.ofSeconds(10)); // Then it throws; the command may be carried out yet.
        return template;
    }

    public static void main(String[] args) throws Exception {
        try (var context = new AnnotationConfigApplicationContext(Ask.class)) {
            @SuppressWarnings("unchecked")
            ReplyingKafkaTemplate<String, String, String> template = context.getBean(ReplyingKafkaTemplate.class);
            template.waitForAssignment(Duration.ofSeconds(10));

            // The type may stand in the value.
            var addItem = """
                    {"type":"AddItem","sku":"apple","quantity":2,"price_cents":30,"customer_id":"alice"}""";
            System.out.println(ask(template, "c1", addItem, List.of()));

            // Or in a header. With ce_source and ce_id, a command that is sent again is answered as before, and not carried out twice.
            var checkOut = List.of(header("ce_type", "CheckOut"), header("ce_source", "web"), header("ce_id", UUID.randomUUID().toString()));
            System.out.println(ask(template, "c1", "{}", checkOut));
            System.out.println(ask(template, "c1", "{}", checkOut));

            // A considered no.
            var another = """
                    {"type":"AddItem","sku":"pear","quantity":1,"price_cents":50,"customer_id":"alice"}""";
            System.out.println(ask(template, "c1", another, List.of()));
        }
    }

    /** Sends a command and returns its answer. */
    static String ask(ReplyingKafkaTemplate<String, String, String> template, String cart, String command, List<Header> headers) throws Exception {
        return template.sendAndReceive(new ProducerRecord<>("shop.cart.commands", null, cart, command, headers)).get().value();
    }

    static Header header(String name, String value) {
        return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
