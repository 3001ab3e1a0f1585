import java.io.Closeable;
import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.CountDownLatch;

/**
 * Starts one OpenSearch node by the runner, whose own start hides errors and takes few ports only.
 *
 * By reflection: the runner's classes may be newer than the compiler.
 */
class OpenSearchLauncher {
  public static void main(String[] arguments) throws Exception {
    Class<?> type = Class.forName("org.codelibs.opensearch.runner.OpenSearchRunner");
    Closeable runner = (Closeable) type.getConstructor().newInstance();
    type.getMethod("setMaxHttpPort", int.class).invoke(runner, -1);
    try {
      type.getMethod("build", String[].class).invoke(runner, (Object) arguments);
    } catch (InvocationTargetException error) {
      error.getCause().printStackTrace();
      Runtime.getRuntime().halt(1); // threads that it began would keep the process
    }
    new CountDownLatch(1).await();
  }
}
