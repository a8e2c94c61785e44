package kitemq.targets;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.apache.rocketmq.broker.BrokerController;
import org.apache.rocketmq.broker.BrokerStartup;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.ha.DefaultHAService;

/**
 * Apache's broker with its replication port on loopback. Every other port has a bind setting; the replication
 * server always binds to all addresses, and a test must not open a port to the network.
 */
public final class LoopbackBroker {
    private LoopbackBroker() {
    }

    public static void main(String[] args) throws Exception {
        BrokerController controller = BrokerStartup.createBrokerController(args);
        field(DefaultMessageStore.class, "haService").set(controller.getMessageStore(), new LoopbackHaService());
        BrokerStartup.start(controller);
    }

    private static final class LoopbackHaService extends DefaultHAService {
        @Override
        public void init(DefaultMessageStore store) throws IOException {
            super.init(store);
            try {
                Object acceptor = field(DefaultHAService.class, "acceptSocketService").get(this);
                Field address = field(acceptor.getClass(), "socketAddressListen");
                int port = ((InetSocketAddress) address.get(acceptor)).getPort();
                address.set(acceptor, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            } catch (ReflectiveOperationException e) {
                throw new IOException("Apache's replication service is not shaped as expected", e);
            }
        }
    }

    private static Field field(Class<?> type, String name) throws NoSuchFieldException {
        for (Class<?> c = type; c != null; c = c.getSuperclass()) {
            for (Field f : c.getDeclaredFields()) {
                if (f.getName().equals(name)) {
                    f.setAccessible(true);
                    return f;
                }
            }
        }
        throw new NoSuchFieldException(type.getName() + "." + name);
    }
}
