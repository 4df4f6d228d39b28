// The coroutine types of the peers in C++20, as a C++ programmer would write them: no pool, no trick.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

// Owns a coroutine.
template <class Promise> struct Owner {
    using Handle = std::coroutine_handle<Promise>;
    Handle handle;
    explicit Owner(Handle handle) : handle(handle) {}
    Owner(Owner &&other) noexcept : handle(std::exchange(other.handle, {})) {}
    Owner &operator=(Owner &&) = delete;
    ~Owner() {
        if (handle) handle.destroy();
    }
};

struct GeneratorPromise;
struct Generator : Owner<GeneratorPromise> {
    using promise_type = GeneratorPromise;
    using Owner::Owner;
    const std::uint64_t *next();
};
struct GeneratorPromise {
    const std::uint64_t *item = nullptr;
    Generator get_return_object() { return Generator{Generator::Handle::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(const std::uint64_t &value) noexcept {
        item = &value;
        return {};
    }
    void return_void() {}
    void unhandled_exception() { throw; }
};
// Not to be called again after the end.
inline const std::uint64_t *Generator::next() {
    handle.resume();
    return handle.done() ? nullptr : handle.promise().item;
}

struct Signal {};
struct MachinePromise;
struct Machine : Owner<MachinePromise> {
    using promise_type = MachinePromise;
    using Owner::Owner;
    bool send_signal(std::uint64_t signal);
    std::uint64_t result();
};
struct MachinePromise {
    std::optional<std::uint64_t> signal;
    std::uint64_t returned = 0;
    Machine get_return_object() { return Machine{Machine::Handle::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    auto await_transform(Signal) {
        struct Receive {
            MachinePromise &promise;
            bool await_ready() { return promise.signal.has_value(); }
            void await_suspend(std::coroutine_handle<>) {}
            std::uint64_t await_resume() { return *std::exchange(promise.signal, std::nullopt); }
        };
        return Receive{*this};
    }
    void return_value(std::uint64_t value) { returned = value; }
    void unhandled_exception() { throw; }
};
inline bool Machine::send_signal(std::uint64_t signal) {
    if (handle.done()) return false;
    handle.promise().signal = signal;
    handle.resume();
    return true;
}
inline std::uint64_t Machine::result() { return handle.promise().returned; }

// Lazy, awaited by symmetric transfer.
struct TaskPromise;
struct Task : Owner<TaskPromise> {
    using promise_type = TaskPromise;
    using Owner::Owner;
    bool await_ready() { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller);
    std::uint64_t await_resume();
};
struct TaskPromise {
    std::uint64_t value = 0;
    std::exception_ptr panic;
    std::coroutine_handle<> caller;
    Task get_return_object() { return Task{Task::Handle::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
        struct ToCaller {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<TaskPromise> own) noexcept {
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
inline std::coroutine_handle<> Task::await_suspend(std::coroutine_handle<> caller) {
    handle.promise().caller = caller;
    return handle;
}
inline std::uint64_t Task::await_resume() {
    if (handle.promise().panic) std::rethrow_exception(handle.promise().panic);
    return handle.promise().value;
}

// On its own: starts at once, and frees itself.
struct FireAndForget {
    struct promise_type {
        FireAndForget get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};
