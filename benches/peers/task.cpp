// The peer of `instructions.rs` in C++20: a lazy task, awaited by symmetric transfer. `task CASE OPERATIONS`
#include <coroutine>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <utility>

template <class T> T hidden(T value) {
    asm volatile("" : "+r"(value));
    return value;
}

struct Task {
    struct promise_type {
        std::uint64_t value = 0;
        std::exception_ptr panic;
        std::coroutine_handle<> caller;
        Task get_return_object() { return Task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        auto final_suspend() noexcept {
            struct ToCaller {
                bool await_ready() noexcept { return false; }
                std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> own) noexcept {
                    auto caller = own.promise().caller;
                    return caller ? caller : std::noop_coroutine();
                }
                void await_resume() noexcept {}
            };
            return ToCaller{};
        }
        void return_value(std::uint64_t returned) { value = returned; }
        void unhandled_exception() { panic = std::current_exception(); }
    };
    std::coroutine_handle<promise_type> handle;
    explicit Task(std::coroutine_handle<promise_type> handle) : handle(handle) {}
    Task(Task &&other) noexcept : handle(std::exchange(other.handle, {})) {}
    ~Task() {
        if (handle) handle.destroy();
    }
    bool await_ready() { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
        handle.promise().caller = caller;
        return handle;
    }
    std::uint64_t await_resume() {
        if (handle.promise().panic) std::rethrow_exception(handle.promise().panic);
        return handle.promise().value;
    }
};

struct Bench {
    std::coroutine_handle<> waiting;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> own) { waiting = own; }
    void await_resume() {}
};

Task at_once(std::uint64_t value) { co_return value; }

Task awaiting(std::uint64_t times, Task (*factory)(std::uint64_t)) {
    for (std::uint64_t n = 0; n < times; n++)
        if (co_await hidden(factory)(n) != n) std::abort();
    co_return 0;
}

Task nested(std::uint64_t depth, Bench &bench) {
    if (depth > 1) co_return co_await nested(depth - 1, bench);
    for (;;) co_await bench;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    std::uint64_t operations = std::strtoull(arguments[2], nullptr, 10);
    if (std::strcmp(arguments[1], "await") == 0) {
        auto task = awaiting(operations, at_once);
        task.handle.resume();
    } else {
        Bench bench;
        auto task = nested(std::strtoull(arguments[1], nullptr, 10), bench);
        task.handle.resume();
        for (; operations > 0; operations--) hidden(bench.waiting).resume();
    }
}
