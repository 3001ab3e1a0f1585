import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Serves MongoDB's protocol from memory on a loopback port, the only argument.
 *
 * The server would call itself too old for current clients, which then refuse to speak to it; what they need
 * of the newer version, it has.
 */
class MongoLauncher {
  private static final MongoVersion VERSION = new MongoVersion() {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(5, 0, 0);
    }

    @Override
    public int getWireVersion() {
      return 13;
    }

    @Override
    public String toVersionString() {
      return "5.0.0";
    }
  };

  public static void main(String[] arguments) throws InterruptedException {
    MemoryBackend backend = new MemoryBackend();
    backend.version(VERSION);
    new MongoServer(backend).bind("127.0.0.1", Integer.parseInt(arguments[0]));
    new CountDownLatch(1).await();
  }
}
