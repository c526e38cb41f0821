import io.swiftjvm.*;
import io.swiftjvm.error.*;
import io.swiftjvm.infer.*;
import io.swiftjvm.plan.*;
import static io.swiftjvm.Swift.auto;
import static io.swiftjvm.Swift.cpu;
