// What the guide's C++ snippets stand on: coroutine types that they use and do not define.

#include <coroutine>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Owns a coroutine whose promise is a `P`.
template <class P>
struct Owner {
    std::coroutine_handle<P> handle;

    explicit Owner(P& promise) : handle(std::coroutine_handle<P>::from_promise(promise)) {}
    Owner(Owner&& other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
    ~Owner() {
        if (handle) handle.destroy();
    }
};

template <class T>
struct Generator {
    struct promise_type {
        T item{};

        Generator get_return_object() { return {Owner<promise_type>(*this)}; }
        std::suspend_always initial_suspend() { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(T value) {
            item = std::move(value);
            return {};
        }
        void return_void() {}
        void unhandled_exception() { throw; }
    };

    struct Iterator {
        std::coroutine_handle<promise_type> handle;

        const T& operator*() const { return handle.promise().item; }
        Iterator& operator++() {
            handle.resume();
            return *this;
        }
        bool operator==(std::default_sentinel_t) const { return handle.done(); }
    };

    Iterator begin() {
        owner.handle.resume();
        return {owner.handle};
    }
    std::default_sentinel_t end() const { return {}; }

    Owner<promise_type> owner;
};

template <class T>
struct Task {
    struct promise_type {
        std::optional<T> result;
        std::exception_ptr failure;
        std::coroutine_handle<> caller = std::noop_coroutine();

        struct Return {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> own) noexcept {
                return own.promise().caller;
            }
            void await_resume() noexcept {}
        };

        Task get_return_object() { return {Owner<promise_type>(*this)}; }
        std::suspend_always initial_suspend() { return {}; }
        Return final_suspend() noexcept { return {}; }
        void return_value(T value) { result = std::move(value); }
        void unhandled_exception() { failure = std::current_exception(); }
    };

    bool await_ready() { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) {
        owner.handle.promise().caller = caller;
        return owner.handle;
    }
    T await_resume() {
        if (owner.handle.promise().failure) std::rethrow_exception(owner.handle.promise().failure);
        return std::move(*owner.handle.promise().result);
    }

    Owner<promise_type> owner;
};

struct FireAndForget {
    struct promise_type {
        FireAndForget get_return_object() { return {}; }
        std::suspend_never initial_suspend() { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
};

/// Awaited, it keeps the coroutine until somebody rings.
struct Bell {
    std::coroutine_handle<> waiting;

    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> own) { waiting = own; }
    void await_resume() {}
};
